"""`twokey live`: the trading engine."""
