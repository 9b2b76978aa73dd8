"""Rung: adapt a pretrained model to your labelled data, one rung at a time."""
