"""The library behind the `twokey` command and the MCP servers: domain, market data, backtests, validation."""

__version__ = "0.1.0"
