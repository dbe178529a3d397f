"""Tapes: recordings of the public streams, checked, replayed, imported and exported."""
