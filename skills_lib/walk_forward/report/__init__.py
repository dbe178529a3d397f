"""Renders the report and picture of a walk-forward, without computing figures."""
