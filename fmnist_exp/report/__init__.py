"""From run directories to a report; reads files on disk only and never imports TensorFlow."""
