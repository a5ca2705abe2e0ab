"""An aggregator that runs as its own process, and a client of it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ADDON = Path(__file__).parents[2] / "addon"
START_S = 20.0


@dataclass(frozen=True)
class Answer:
    """An answer of the aggregator."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """The JSON that it carries."""
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, object]:
        """The error that it carries."""
        error: dict[str, object] = self.json["error"]
        return error


class Process(Protocol):
    """A process that was started, as `subprocess.Popen` shows it."""

    @property
    def pid(self) -> int:
        """Its number."""
        raise NotImplementedError

    def poll(self) -> int | None:
        """Return its exit status; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; return the exit status."""
        raise NotImplementedError

    def send_signal(self, sig: int) -> None:
        """Send it a signal."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


@dataclass(frozen=True)
class Aggregator:
    """A running aggregator."""

    url: str
    data: Path
    process: Process
    intake_port: int

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self.url.rpartition(":")[2])

    def token(self, scope: str) -> str:
        """Return the token of a scope."""
        return (self.data / "tokens" / scope).read_text()

    @property
    def intake_url(self) -> str:
        """The address that senders of other log servers are pointed at."""
        return f"http://127.0.0.1:{self.intake_port}"

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        scope: str | None = "ingest",
        **headers: str,
    ) -> Answer:
        """Send a request, with the token of a scope if one is named; further headers with `_` for `-`."""
        return self._request(method, self.url + path, body, scope, headers)

    def intake(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        scope: str | None = "ingest",
        **headers: str,
    ) -> Answer:
        """Send a request to the intake port, as `request` does."""
        return self._request(method, self.intake_url + path, body, scope, headers)

    def _request(
        self, method: str, url: str, body: bytes | None, scope: str | None, headers: Mapping[str, str]
    ) -> Answer:
        request = urllib.request.Request(url, body, method=method)  # noqa: S310
        if scope is not None:
            request.add_header("Authorization", f"Bearer {self.token(scope)}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return Answer(response.status, response.read(), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(), dict(error.headers))

    def scrape(self) -> list[str]:
        """Return the lines of `GET /metrics`."""
        answer = self.request("GET", "/metrics", scope="read")
        assert answer.status == 200
        return answer.body.decode().splitlines()

    def send(self, *records: dict[str, Any]) -> Answer:
        """Send log records."""
        body = b"".join(json.dumps(record).encode() + b"\n" for record in records)
        return self.request("POST", "/api/v1/logs", body)

    def search(self, **fields: object) -> Answer:
        """Search."""
        return self.request("POST", "/api/v1/search", json.dumps(fields).encode(), scope="read")

    def wait_for(self, query: str, rows: int) -> list[dict[str, Any]]:
        """Search until so many rows are found, oldest first; loading may need all memory for a moment."""
        deadline_s = time.monotonic() + 30
        while True:
            answer = self.search(query=query, order="asc", limit=5000)
            assert answer.status == 200 or answer.json["error"]["code"] == "read_too_large", answer.body
            found: list[dict[str, Any]] = answer.json.get("rows", [])
            if len(found) == rows:
                return found
            assert time.monotonic() < deadline_s, f"{len(found)} rows instead of {rows}"
            time.sleep(0.05)


@contextmanager
def running(data: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Aggregator]:
    """Start an aggregator, and stop it if it is not stopped yet."""
    aggregator = start(data, *options, environment=environment)
    try:
        yield aggregator
    finally:
        if aggregator.process.poll() is None:
            aggregator.process.terminate()
            assert aggregator.process.wait(timeout=20) == 0


def start(data: Path, *options: str, environment: Mapping[str, str] | None = None) -> Aggregator:
    """Start an aggregator and wait until it answers."""
    port, intake_port = free_port(), free_port()
    process = start_process(data, port, intake_port, *options, environment=environment)
    aggregator = Aggregator(f"http://127.0.0.1:{port}", data, process, intake_port)
    try:
        wait_until_healthy(aggregator)
    except BaseException:
        aggregator.process.kill()
        aggregator.process.wait()
        raise
    return aggregator


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_process(
    data: Path, port: int, intake_port: int, *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start an aggregator, and don't wait for it."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "aggregator", "--data", str(data)),
            *("--port", str(port), "--intake-port", str(intake_port)),
            *options,
        ],
        env=os.environ | {"PYTHONPATH": str(ADDON)} | dict(environment or {}),
    )


def wait_until_healthy(aggregator: Aggregator) -> None:
    """Wait until an aggregator answers that it can do its work."""
    deadline_s = time.monotonic() + START_S
    while True:
        assert aggregator.process.poll() is None, "the aggregator ended at its start"
        try:
            with urllib.request.urlopen(f"{aggregator.url}/health", timeout=1):  # noqa: S310
                return
        except OSError:
            assert time.monotonic() < deadline_s, "the aggregator does not answer"
            time.sleep(0.05)
