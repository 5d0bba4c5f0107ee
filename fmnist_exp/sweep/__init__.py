"""What a sweep is going to do, what it keeps, and how far it is."""
