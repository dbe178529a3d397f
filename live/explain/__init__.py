"""A session held against the replay of the same books, trade by trade: where the difference comes from."""
