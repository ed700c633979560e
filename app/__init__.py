"""What a person or a program talks to: the pages, the command line and the HTTP API."""
