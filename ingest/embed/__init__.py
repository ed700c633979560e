"""Text becomes a dense vector and token vectors."""
