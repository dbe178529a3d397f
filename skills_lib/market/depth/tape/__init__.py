"""Tapes: recordings of the public streams; checks, replays, imports and exports them."""
