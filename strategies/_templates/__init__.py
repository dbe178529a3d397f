"""What `twokey new-strategy` writes: for each kind a module, its test and its page, which work as they stand.

A copy of module and page differs in names only: `Trend` and `trend_template` become those of the new strategy. The
test is `test.txt` with the kind's drawings in it.
"""
