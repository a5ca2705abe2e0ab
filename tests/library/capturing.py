"""Fixtures that show what this process has logged."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from ha_ingestor_logging import configure, flush, shutdown
from tests.library.recording_aggregator import RecordingAggregator

Capture: TypeAlias = Callable[[], list[dict[str, Any]]]


def discard_held_lines() -> None:
    """Forget what other tests logged while nothing was configured: it waits for an output."""
    configure(output="none")
    assert shutdown(10)


@pytest.fixture
def aggregator() -> Iterator[RecordingAggregator]:
    discard_held_lines()
    server = RecordingAggregator()
    yield server
    server.close()


@pytest.fixture(autouse=True, scope="session")
def no_lines_at_the_exit() -> Iterator[None]:
    """What is logged while nothing is configured would appear below pytest's own closing line."""
    yield
    discard_held_lines()


@pytest.fixture
def capture(aggregator: RecordingAggregator) -> Iterator[Capture]:
    """Configures this process and returns a function that flushes and shows what has been delivered."""
    configure(
        service="test",
        output="http",
        url=aggregator.url,
        token="secret",
        batch_interval_s=0.0,
        metrics_interval_s=0.0,
    )

    def captured() -> list[dict[str, Any]]:
        assert flush(10)
        return aggregator.records

    yield captured
    shutdown(5)
