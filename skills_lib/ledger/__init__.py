"""The trial ledger: every configuration tried on candles, counted before it is evaluated."""
