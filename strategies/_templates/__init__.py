"""What `twokey new-strategy` writes: for each kind a module, its test and its page, which work as they stand.

A copy differs in names only: `strategies._templates.trend`, `Trend` and `trend_template` become those of the new
strategy.
"""
