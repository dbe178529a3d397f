"""Request weight: one budget a minute for every process of this machine that asks the same host."""
