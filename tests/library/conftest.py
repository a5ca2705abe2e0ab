import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ha_ingestor_logging import configure, flush, shutdown
from tests.library.recording_aggregator import RecordingAggregator

Capture: TypeAlias = Callable[[], list[dict[str, Any]]]
RunScript: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[2]


@pytest.fixture
def aggregator() -> Iterator[RecordingAggregator]:
    server = RecordingAggregator()
    yield server
    server.close()


@pytest.fixture
def run_script(tmp_path: Path) -> RunScript:
    """Runs a program of its own: what happens at an exit or a fork can't be seen from inside."""

    def run(source: str, **environment: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(source))
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HA_INGESTOR_")}
        return subprocess.run(
            [sys.executable, str(script)],
            env={**inherited, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def capture(aggregator: RecordingAggregator) -> Iterator[Capture]:
    """Configures this process and returns a function that flushes and shows what has been delivered."""
    configure(service="test", output="none")
    assert flush(10)  # what other tests logged without an output waits for one
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
