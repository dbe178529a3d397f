"""Renders the report and heatmaps of an optimisation, without computing figures."""
