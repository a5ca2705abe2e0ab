"""A pytest fixture that shows what a program logs; pytest finds it where the library is installed."""

from collections.abc import Iterator

import pytest

from ha_ingestor_logging.captured_logs import CapturedLogs
from ha_ingestor_logging.configuration import capture


@pytest.fixture
def captured_logs() -> Iterator[CapturedLogs]:
    """All that is logged during a test; nothing leaves the process, whatever the program configures."""
    with capture() as captured:
        yield captured
