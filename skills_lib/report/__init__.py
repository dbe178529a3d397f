"""Renders one self-contained page per answer: charts as SVG, tables and text in one template and one style."""
