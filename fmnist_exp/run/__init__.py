"""One run from start to finish, and the store of finished runs."""
