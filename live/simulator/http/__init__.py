"""The venue over HTTP: REST, the WebSocket API, keys, clocks and rate limits."""
