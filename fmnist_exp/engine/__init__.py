"""Everything that imports TensorFlow: models, compiled epochs, training; which engine trains."""
