"""Reads the common lines of a tape with compiled code into tables of integers; every other line is left to Python."""
