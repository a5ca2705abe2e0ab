"""A real aggregator in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 30.0
FIND_TIMEOUT_S = 5.0


def free_port() -> int:
    """Find a TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class AggregatorProcess:
    """Starts, kills and feeds an aggregator.

    Args:
        data: its data folder, kept over restarts.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._sent = 0
        self._port = free_port()
        self._intake_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start the process and wait until it answers."""
        python = os.environ.get("HA_INGESTOR_AGGREGATOR_PYTHON", str(ROOT / ".venvs/development/bin/python"))
        with (self.data.parent / "aggregator.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(python, "-m", "aggregator", "--data", str(self.data)),
                    *("--port", str(self._port), "--intake-port", str(self._intake_port)),
                ],
                env={"PYTHONPATH": str(ROOT / "addon"), "PATH": os.environ["PATH"]},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = (self.data.parent / "aggregator.log").read_text()
                raise RuntimeError(f"the aggregator did not start:\n{text}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End the process without a chance to clean up."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the process to end and wait for it."""
        self._end(signal.SIGTERM)

    def token(self, scope: str) -> str:
        """Read the token of a scope."""
        return self.token_path(scope).read_text().strip()

    def token_path(self, scope: str) -> Path:
        """Find the file of a scope's token."""
        return self.data / "tokens" / scope

    def settings(self) -> dict[str, int]:
        """Read the settings that the aggregator has now."""
        settings: dict[str, int] = json.loads(self._request("/api/v1/settings", self.token("read")))
        return settings

    def send(self, *records: Mapping[str, object]) -> None:
        """Store log records; returns when they can be found."""
        body = "\n".join(map(json.dumps, records)).encode()
        self._request("/api/v1/logs", self.token("ingest"), body)
        self._sent += len(records)
        everything = json.dumps({"query": "", "limit": 5000}).encode()
        deadline = time.monotonic() + FIND_TIMEOUT_S
        found = 0
        while found < self._sent:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{found} of {self._sent} lines found within {FIND_TIMEOUT_S:.0f} s")
            found = len(json.loads(self._request("/api/v1/search", self.token("read"), everything))["rows"])

    def push_metrics(self, service: str, text: str) -> None:
        """Push metrics of a service, in Prometheus' text format."""
        self._request(f"/metrics/job/{service}", self.token("ingest"), text.encode())

    def _request(self, path: str, token: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - always our own http address
            self.url + path, data=body, headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            content: bytes = response.read()
        return content

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=1) as response:  # noqa: S310
                return bool(response.status == HTTPStatus.OK)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(timeout=15)
            self._process = None
