"""Studies as they are published: what is kept of a sweep, and the page that is made of it."""
