"""Starts a real aggregator for a benchmark, and speaks to it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_ADDON = Path(__file__).parent.parent / "addon"
_START_S = 60.0
_STOP_S = 60.0
_ANSWER_S = 120.0


class AnswerError(RuntimeError):
    """An answer other than 200.

    Args:
        path: what was asked.
        status: the answer's status.
        body: the answer's body.
    """

    def __init__(self, path: str, status: int, body: bytes) -> None:
        self.status = status
        super().__init__(f"{path}: {status} {body[:300]!r}")


@dataclass(frozen=True, slots=True)
class Aggregator:
    """A running aggregator.

    Args:
        process: its process.
        port: its port on this machine.
        intake_port: its port for senders of other log servers.
        data: its data folder.
        start_s: seconds from start to ready.
    """

    process: psutil.Process
    port: int
    intake_port: int
    data: Path
    start_s: float
    _tokens: dict[str, str] = field(default_factory=dict)

    def connect(self) -> http.client.HTTPConnection:
        """Open a keep-alive connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_S)

    def token(self, scope: str) -> str:
        """Return the token of a scope."""
        if scope not in self._tokens:
            self._tokens[scope] = (self.data / "tokens" / scope).read_text()
        return self._tokens[scope]

    def ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None = None,
        scope: str = "read",
    ) -> bytes:
        """Send a request and return the answer's body.

        Raises:
            AnswerError: the answer is not 200.
        """
        connection.request(method, path, body, {"Authorization": f"Bearer {self.token(scope)}"})
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.client.OK:
            raise AnswerError(path, response.status, answer)
        return answer

    def take(self, connection: http.client.HTTPConnection, lines: bytes) -> None:
        """Send NDJSON lines; returns when they are acknowledged."""
        self.ask(connection, "POST", "/api/v1/logs", lines, "ingest")

    def stored(self) -> tuple[int, int]:
        """Return how many rows can be found, and in how many segments."""
        connection = self.connect()
        store = json.loads(self.ask(connection, "GET", "/api/v1/stats"))["store"]
        connection.close()
        return store["rows"], store["segments"]

    def rows(self) -> int:
        """Return how many rows can be found."""
        return self.stored()[0]

    def keep_days(self, days: int) -> None:
        """Set how long records are kept."""
        connection = self.connect()
        settings = json.dumps({"retention_days": days}).encode()
        self.ask(connection, "PATCH", "/api/v1/settings", settings, "admin")
        connection.close()

    def cpu_s(self) -> float:
        """Return the processor time that it used so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def rss_mb(self) -> float:
        """Return its resident memory, MiB."""
        return self.process.memory_info().rss / 2**20

    def peak_rss_mb(self) -> float:
        """Return the most resident memory that it ever had (VmHWM), MiB."""
        return self.status_mb("VmHWM")

    def status_mb(self, name: str) -> float:
        """Return one of the sizes in /proc/PID/status, MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (size_kib,) = (line.split()[1] for line in status.splitlines() if line.startswith(f"{name}:"))
        return int(size_kib) / 2**10

    def written_bytes(self) -> tuple[int, int]:
        """Return the bytes it made the block device write, and the bytes it passed to write()."""
        counters = self.process.io_counters()
        return counters.write_bytes, counters.write_chars

    def disk_bytes(self) -> int:
        """Return the size of its store's files."""
        return sum(path.stat().st_size for path in (self.data / "store").rglob("*") if path.is_file())


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(
    data: Path, launcher: Sequence[str] = (), port: int | None = None, options: Sequence[str] = ()
) -> Iterator[Aggregator]:
    """Run an aggregator; it may be killed meanwhile.

    Args:
        data: its data folder.
        launcher: a command that becomes the one that follows it, for example to cap its memory.
        port: its port; a free one by default.
        options: further ones of its command.
    """
    port, intake_port = port or free_port(), free_port()
    started = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(_ADDON)}
    command = [
        *launcher,
        sys.executable,
        "-m",
        "aggregator",
        "--data",
        str(data),
        "--port",
        str(port),
        "--intake-port",
        str(intake_port),
        "--log-level",
        "warning",
        *options,
    ]
    process = subprocess.Popen(command, env=environment)
    try:
        _wait(port, process)
        start_s = time.perf_counter() - started
        yield Aggregator(psutil.Process(process.pid), port, intake_port, data, start_s)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise TimeoutError(f"the aggregator did not stop within {_STOP_S} s") from None


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
