"""The order book: what it holds, what is read off it, and how it follows a stream."""
