"""Words, stop words and sentence ends, in any script."""
