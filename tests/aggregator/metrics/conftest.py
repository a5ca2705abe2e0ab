"""A running aggregator, as its own process."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aggregator.metrics.running_aggregator import Aggregator

ADDON = Path(__file__).parents[3] / "addon"
START_S = 20.0


@pytest.fixture(scope="module")
def aggregator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aggregator]:
    """Start an aggregator with an empty store, and stop it at the module's end."""
    data = tmp_path_factory.mktemp("aggregator")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "aggregator", "--data", str(data), "--port", str(port)],
        env=os.environ | {"PYTHONPATH": str(ADDON)},
    )
    running = Aggregator(f"http://127.0.0.1:{port}", data)
    try:
        wait_until_healthy(process, running.url)
        yield running
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def wait_until_healthy(process: subprocess.Popen[bytes], url: str) -> None:
    """Wait until `/health` answers."""
    deadline_s = time.monotonic() + START_S
    while True:
        assert process.poll() is None, "the aggregator ended at its start"
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):  # noqa: S310
                return
        except OSError:
            assert time.monotonic() < deadline_s, "the aggregator does not answer"
            time.sleep(0.05)
