"""The process that trades: every start is a recovery."""
