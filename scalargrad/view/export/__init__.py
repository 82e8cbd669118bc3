"""One picture, many files."""
