"""Reports of days and periods from the trade log, and the file of lots for taxes. Money is exact: no float."""
