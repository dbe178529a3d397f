"""The `trade_log` server: what the trade log holds, and filling it with a read-only key."""
