"""Order books: plain and compiled implementations, derived figures, and the book that follows a stream."""
