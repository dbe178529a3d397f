"""The engine and the local exchange in virtual time, joined by the bytes that Binance's interfaces would carry."""
