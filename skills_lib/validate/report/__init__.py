"""Renders the report, page and pictures of a validation, without computing figures."""
