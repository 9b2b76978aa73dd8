"""What is deployed: fitted encoders and heads, written with hashes, read with checks. Loads no torch."""
