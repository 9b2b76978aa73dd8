"""One rung a file."""
