"""`second-pass bench`: speed, scale and learning, measured here."""
