"""Tables in: reading, roles, targets, splits."""
