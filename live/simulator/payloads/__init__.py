"""JSON payloads of orders, trades, balances and positions."""
