"""From a command line to checked configs: what Hydra composes, and what it may not."""
