"""A config-driven laboratory for dense neural networks on Fashion-MNIST."""

__version__ = "0.1.0"
