"""Candles in the trade log: filled in from the sources of `skills_lib.market`, and read by range."""
