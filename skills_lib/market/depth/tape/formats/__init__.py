"""Formats of recordings: the text encodings that are read, and the foreign formats that are named."""
