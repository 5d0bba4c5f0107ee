"""What one does with finished runs: ask their models, and check that they are what they say."""
