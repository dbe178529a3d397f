"""A process beside the daemon, with a key of its own, that closes the account when the daemon's heartbeat stops."""
