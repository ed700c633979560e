"""A file becomes searchable: PDF → pages → passages → library on disk. Start reading at `pipeline.py`."""
