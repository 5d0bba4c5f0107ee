"""Everything that imports TensorFlow: models, the compiled epoch, training, saved states."""
