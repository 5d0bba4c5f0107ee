"""Sweeps that add seeds until their question is settled."""
