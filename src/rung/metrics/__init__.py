"""One metric a file; bootstrap intervals for any of them."""
