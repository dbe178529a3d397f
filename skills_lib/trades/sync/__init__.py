"""Reads an account's orders, trades and income from Binance USD-M with a read-only key, and compares them with the
journals. Nothing here can send an order."""
