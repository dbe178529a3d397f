"""A local Binance USD-M exchange: unchanged clients connect to it, and their orders are matched against a tape."""
