"""The `validation` server."""
