"""A running aggregator for the clients of a module."""

from tests.aggregator.conftest import aggregator

__all__ = ["aggregator"]
