"""One verb each, read like a story."""
