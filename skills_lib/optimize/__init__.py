"""Searching a space of parameters, and judging each point by its neighbourhood."""
