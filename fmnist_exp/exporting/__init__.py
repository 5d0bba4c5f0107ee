"""What hands finished runs over: to a person as a zip file or a model card, to trackers."""
