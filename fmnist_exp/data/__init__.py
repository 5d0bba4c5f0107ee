"""Images: found, verified, decoded, split."""
