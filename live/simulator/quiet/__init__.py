"""Plays in one step the lines of a tape at which nothing happens but that the market moves on."""
