"""Renders the report and picture of a run, compares runs and describes strategies, without computing figures."""
