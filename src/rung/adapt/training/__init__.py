"""The one training loop, for every rung that changes weights, whatever the modality."""
