"""Reads: what can be found out about records, within a time and on all cores."""
