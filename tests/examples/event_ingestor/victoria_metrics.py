"""A real VictoriaMetrics, which speaks InfluxDB v2's write API, in a process of its own."""

import json
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from tests.aggregator_process import ROOT, free_port

_START_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class StoredPoint:
    """A number as the database has it: ``name`` is MEASUREMENT_FIELD."""

    name: str
    tags: dict[str, str]
    value: float
    time_ms: int


def find_program() -> str | None:
    """The program's path; ``None`` when this machine can't have it."""
    found = subprocess.run([ROOT / "scripts/victoria-metrics"], capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else None


class VictoriaMetrics:
    """Starts, stops and reads a database.

    Args:
        program: the program's path.
        data: its folder, kept over restarts.
    """

    def __init__(self, program: str, data: Path) -> None:
        self._program = program
        self._data = data
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                self._program,
                f"-storageDataPath={self._data}",
                f"-httpListenAddr=127.0.0.1:{self._port}",
                "-retentionPeriod=100y",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def points(self) -> list[StoredPoint]:
        urllib3.request("GET", f"{self.url}/internal/force_flush")
        exported = urllib3.request("GET", f"{self.url}/api/v1/export", fields={"match[]": '{__name__!=""}'})
        series: list[dict[str, Any]] = [json.loads(line) for line in exported.data.splitlines()]
        return [
            StoredPoint(
                one["metric"]["__name__"],
                {name: value for name, value in one["metric"].items() if name != "__name__"},
                value,
                time_ms,
            )
            for one in series
            for value, time_ms in zip(one["values"], one["timestamps"], strict=True)
        ]

    def _answers(self) -> bool:
        try:
            return urllib3.request("GET", f"{self.url}/health", retries=False, timeout=1.0).status == 200
        except urllib3.exceptions.HTTPError:
            return False
