"""The library that every face of Twokey shares: domain, market data, backtests."""

__version__ = "0.1.0"
