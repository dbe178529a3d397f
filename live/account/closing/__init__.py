"""Closes what an account holds and proves that it is flat."""
