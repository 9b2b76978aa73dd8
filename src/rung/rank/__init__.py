"""Which backbone suits these rows, told from its embeddings alone."""
