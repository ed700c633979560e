"""Token vectors, read for late interaction."""
