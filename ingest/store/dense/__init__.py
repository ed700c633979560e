"""Dense vectors, searched by cosine."""
