"""The trade log: one schema for backtests, paper and live, in SQLite, PostgreSQL or Supabase. See docs/store.md.

It is a projection: the journals hold the truth, and what writes here may be repeated.
"""
