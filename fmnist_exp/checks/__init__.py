"""Rules for values, and which Keras classes and arguments a config may name."""
