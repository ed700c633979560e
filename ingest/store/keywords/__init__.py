"""Words, searched by BM25."""
