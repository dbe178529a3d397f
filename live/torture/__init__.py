"""Points the faults of the local exchange at a trading bot and scores what the bot did."""
