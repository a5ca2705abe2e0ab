"""The aggregator: takes logs and metrics, stores them, and answers for them."""

__version__ = "0.1.0"
