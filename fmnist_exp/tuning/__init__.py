"""Sweeps whose runs are proposed by Optuna."""
