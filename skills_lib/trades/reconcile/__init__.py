"""Compares what the journals say with what the venue says: rows, income and balances. Pure."""
