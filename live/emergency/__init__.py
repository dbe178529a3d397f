"""Closes an account from a process of its own: it needs a key and a connection, and no daemon."""
