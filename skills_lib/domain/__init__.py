"""Pure domain types and functions: no clock, sockets, files or random numbers."""
