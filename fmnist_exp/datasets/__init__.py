"""Where images come from, how their files are read, and how they are split."""
