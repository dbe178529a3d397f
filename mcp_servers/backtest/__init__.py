"""The `backtest` server."""
