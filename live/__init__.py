"""Everything that can touch money. So far a local exchange; nothing here signs in to a real one."""
