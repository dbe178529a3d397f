"""The trial ledger: counts every configuration before it is evaluated on candles."""
