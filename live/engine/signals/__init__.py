"""Signals: what says when to enter."""
