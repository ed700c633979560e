"""A file's bytes become pages, one format a module, inside a child process with limits."""
