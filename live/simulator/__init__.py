"""A local Binance USD-M: orders meet a tape, and unchanged clients speak to it."""
