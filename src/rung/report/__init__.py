"""Evidence to what people read."""
