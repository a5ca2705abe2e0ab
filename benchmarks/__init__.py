"""Benchmarks: each prints a table and JSON, with ratios taken in one run."""
