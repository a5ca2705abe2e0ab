"""Measurements of what understanding lines of text costs."""
