"""The compiled book: one block of 64-bit integers and the functions that change it."""
