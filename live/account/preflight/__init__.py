"""Checks an account before a start: each check with its remedy, and all that fail at once."""
