"""Training by C code: epoch.c, what compiles it, and the trainer that calls it."""
