"""Everything that is kept. SQL is the only truth; the indexes can be rebuilt from it."""
