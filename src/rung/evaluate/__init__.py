"""Paired comparison, calibration, learning curve, verdicts."""
