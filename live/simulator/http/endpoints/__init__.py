"""Endpoint handlers, shared by REST and the WebSocket API."""
