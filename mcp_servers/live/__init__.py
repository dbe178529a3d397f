"""The `live` server: the state of a trading daemon, and ways to stop it."""
