"""A question becomes a cited answer over the library. Start reading at `engine.py`."""
