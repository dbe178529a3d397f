"""The order book: from the venue's bytes to a book that is right, or says that it is not sure."""
