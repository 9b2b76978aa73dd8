"""Shared words: types, contracts, errors, extras, seeds. Loads no torch."""
