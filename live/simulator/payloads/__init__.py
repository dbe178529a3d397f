"""Orders, trades, balances and positions as the venue words them, over REST and on the user stream alike."""
