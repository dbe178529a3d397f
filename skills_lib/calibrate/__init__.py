"""Calibration: measures how often the verdict is wrong, on generated markets whose edge is known."""
