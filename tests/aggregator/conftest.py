"""A running aggregator for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests import hypothesis_profile
from tests.aggregator.running_aggregator import Aggregator, running

__all__ = ["hypothesis_profile"]


@pytest.fixture(scope="module")
def aggregator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aggregator]:
    """Start an aggregator with an empty store, and stop it at the module's end."""
    with running(tmp_path_factory.mktemp("aggregator")) as started:
        yield started
