"""`python -m app.cli` is `second-pass`."""

from app.cli.main import main

main()
