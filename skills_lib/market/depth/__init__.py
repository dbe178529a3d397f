"""Maintains order books from the venue's raw messages, with explicit sync state."""
