"""Starts a real aggregator for a benchmark, and speaks to it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

_ADDON = Path(__file__).parent.parent / "addon"
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class Aggregator:
    """A running aggregator.

    Args:
        process: its process.
        port: its port on this machine.
        data: its data folder.
        start_s: seconds from start to ready.
    """

    process: psutil.Process
    port: int
    data: Path
    start_s: float

    def connect(self) -> http.client.HTTPConnection:
        """Open a keep-alive connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def token(self, scope: str) -> str:
        """Return the token of a scope."""
        return (self.data / "tokens" / scope).read_text()

    def post(self, connection: http.client.HTTPConnection, path: str, body: bytes, scope: str) -> bytes:
        """Send a body and return the answer's; anything but 200 is an error."""
        connection.request("POST", path, body, {"Authorization": f"Bearer {self.token(scope)}"})
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"{path}: {response.status} {answer[:300]!r}")
        return answer

    def search(self, connection: http.client.HTTPConnection, **fields: object) -> dict[str, object]:
        """Search, and return the answer."""
        answer = json.loads(self.post(connection, "/api/v1/search", json.dumps(fields).encode(), "read"))
        if not isinstance(answer, dict):
            raise TypeError("the answer is no object")
        return answer

    def cpu_s(self) -> float:
        """Return the processor time that it used so far."""
        times = self.process.cpu_times()
        return times.user + times.system


@contextmanager
def running(data: Path) -> Iterator[Aggregator]:
    """Run an aggregator with a data folder, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    started = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(_ADDON)}
    command = [
        sys.executable,
        "-m",
        "aggregator",
        "--data",
        str(data),
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    process = subprocess.Popen(command, env=environment)
    try:
        _wait(port, process)
        start_s = time.perf_counter() - started
        yield Aggregator(psutil.Process(process.pid), port, data, start_s)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the aggregator ended with {process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise TimeoutError(f"the aggregator was not ready within {_START_S} s")
