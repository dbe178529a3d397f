"""Live feed of the public streams: connections, snapshots, stale-stream detection and clock offset."""
