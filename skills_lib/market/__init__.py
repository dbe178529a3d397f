"""Market data: candles. Depth comes later."""
