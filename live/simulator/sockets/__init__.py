"""The exchange over sockets: a thin layer that moves bytes and time between asyncio and the venue."""
