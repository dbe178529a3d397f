"""HTTP interface of the simulator: REST, WebSocket API, stream sockets, keys, clock and rate limits."""
