"""Market data: candles and order books."""
