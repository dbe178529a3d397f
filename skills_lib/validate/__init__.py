"""Validation: tests whether a result is more than luck, and gives a verdict."""
