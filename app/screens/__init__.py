"""One file a page: read state, one call to rag or ingest, one call to show."""
