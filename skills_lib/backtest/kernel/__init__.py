"""The compiled executor: signals in, trades, equity and metrics out; equal to backtesting.py and much faster."""
