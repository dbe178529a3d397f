"""The exchange over sockets: a `Wire` for `live/client` on an asyncio loop, with the machine's clock."""
