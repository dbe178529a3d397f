"""Draws synthetic tapes from a seed, with the statistics of real ones."""
