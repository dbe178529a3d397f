"""Writes the journal of a run: every event before the engine sees it, every action before it is carried out."""
