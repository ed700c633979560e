"""The files that came in, as they came."""
