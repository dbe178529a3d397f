"""The `market` server."""
