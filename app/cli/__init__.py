"""`second-pass`, the product from the command line."""
