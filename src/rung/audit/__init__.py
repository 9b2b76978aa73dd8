"""What in the rows will ruin a result, told before a minute of training is spent: one check a file."""
