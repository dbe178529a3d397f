"""Strategies on bars: closed bars from the exchange, a strategy's decision on each, and that decision as an event."""
