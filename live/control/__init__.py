"""A running daemon from outside: its folder, its latch, and the socket over which it is asked and stopped."""
