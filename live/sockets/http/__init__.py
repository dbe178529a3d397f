"""Requests over a few connections that stay open: their bytes, one connection, and the pool of all."""
