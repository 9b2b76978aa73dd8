"""Pretrained encoders behind one seam, and the engine that embeds each row once."""
