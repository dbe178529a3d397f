"""Short tables for the terminal, on standard output."""
