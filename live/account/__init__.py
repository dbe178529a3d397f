"""What a program does at an account without an engine: reads it, closes it, checks it before a start."""
