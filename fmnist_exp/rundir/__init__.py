"""The format of a run directory: names, columns, record."""
