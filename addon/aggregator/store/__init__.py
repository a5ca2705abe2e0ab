"""Keeps records: a synced log of what was taken, rows in memory, Parquet segments."""
