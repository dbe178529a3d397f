"""Templates of `twokey new-strategy`: for each kind a working module, its test and its page.

In a copy of the module and the page, `Trend` and `trend_template` become the names of the new strategy. The test is
`test.txt` with the tests of the kind, such as `trend_tests.txt`, inserted.
"""
