"""Renders the report and picture of a calibration, without computing figures."""
