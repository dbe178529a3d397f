"""Searches a parameter space and rates each point by its neighbourhood."""
