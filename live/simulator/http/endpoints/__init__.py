"""Requests as Binance words them: parameters in, payloads out, over REST and over the WebSocket API alike."""
