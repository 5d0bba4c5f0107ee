"""Figures of one run and of whole studies."""

import os

# Figures are files. Matplotlib does not even load where a notebook names a backend for its cells.
os.environ["MPLBACKEND"] = "agg"
