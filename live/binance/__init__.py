"""Binance USD-M as bytes: the engine's actions as signed requests, answers and frames as the engine's events."""
