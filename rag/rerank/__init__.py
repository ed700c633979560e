"""Rerankers: each scores (question, passages) and never sorts. `registry.py` turns a name into one."""
