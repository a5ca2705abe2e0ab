"""A running aggregator for the clients of a module, and a word for the lines of a test."""

import os

import pytest

from tests.aggregator.conftest import aggregator

__all__ = ["aggregator"]


@pytest.fixture
def mark() -> str:
    return os.urandom(8).hex()
