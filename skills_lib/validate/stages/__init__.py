"""Stages of a validation, one per module: arrays or bars in, a frozen model out, without files or a clock."""
