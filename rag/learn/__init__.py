"""Marks and training data become weights: judged → lists → candidate → decision → version."""
