"""Rows that follow from others in the store: round trips and days. Deriving them again changes nothing."""
