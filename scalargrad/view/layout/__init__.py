"""Where the shapes of a picture stand."""
