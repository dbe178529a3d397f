"""Tells a person what happens to a trading run. Nothing here is waited for by what trades."""
