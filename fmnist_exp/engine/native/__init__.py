"""Training by C code: optional."""
