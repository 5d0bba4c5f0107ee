"""Figures of one run and of whole studies."""
