"""Fills the store from journals: by stored offset, in order, each record at least once, each row exactly once."""
