"""Bundle and rows to probabilities."""
