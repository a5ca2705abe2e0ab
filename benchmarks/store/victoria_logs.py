"""A VictoriaLogs that runs somewhere, asked for the same.

Its requests follow its documentation and are tested as far as their building; no VictoriaLogs was at hand
to run them against.
"""

import http.client
import json
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode, urlsplit

from benchmarks.store.load import send_all, wait_found
from benchmarks.store.timing import Timing, timed

_ANSWER_S = 120.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

type Request = tuple[str, bytes, dict[str, str]]


def insertion(lines: bytes) -> Request:
    """Return path, body and headers of the request that stores NDJSON lines."""
    arguments = {"_stream_fields": "service,host", "_time_field": "timestamp", "_msg_field": "message"}
    return f"/insert/jsonline?{urlencode(arguments)}", lines, {"Content-Type": "application/stream+json"}


def question(name: str, logsql: str) -> Request:
    """Return path, body and headers of the request that asks one of Q1 to Q9.

    Args:
        name: the query's name, which starts with `Q1` to `Q9`.
        logsql: the query in VictoriaLogs' language.
    """
    arguments: list[tuple[str, str]] = [("query", logsql)]
    match name[:2]:
        case "Q6":
            path = "/select/logsql/hits"
            arguments += [("step", "1m"), ("field", "service"), ("field", "level")]
        case "Q8" | "Q9":
            path = "/select/logsql/stats_query"
        case _:
            path = "/select/logsql/query"
            arguments.append(("limit", "100"))
    return path, urlencode(arguments).encode(), _FORM


def answer_size(name: str, answer: bytes) -> int:
    """Return how much the answer to one of Q1 to Q9 holds: rows, counted rows, or groups."""
    match name[:2]:
        case "Q6":
            return sum(series["total"] for series in json.loads(answer)["hits"])
        case "Q8":
            return sum(int(result["value"][1]) for result in json.loads(answer)["data"]["result"])
        case "Q9":
            return len(json.loads(answer)["data"]["result"])
        case _:
            return answer.count(b"\n")


@dataclass(frozen=True, slots=True)
class Use:
    """What it used so far.

    Args:
        cpu_s: processor time.
        peak_rss_bytes: most resident memory.
        written_bytes: what it made the block device write.
        disk_bytes: size of what it stores.
    """

    cpu_s: float
    peak_rss_bytes: float
    written_bytes: float
    disk_bytes: float


def read_use(metrics: str) -> Use:
    """Read what it used from its /metrics.

    Raises:
        KeyError: one of the metrics is missing.
    """
    samples = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if line and not line.startswith("#"))
    return Use(
        cpu_s=float(samples["process_cpu_seconds_total"]),
        peak_rss_bytes=float(samples["process_resident_memory_peak_bytes"]),
        written_bytes=float(samples["process_io_storage_written_bytes_total"]),
        disk_bytes=float(samples['vl_data_size_bytes{type="storage"}']),
    )


class VictoriaLogs:
    """A running VictoriaLogs.

    Args:
        url: its address, for example `http://127.0.0.1:9428`.
    """

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme != "http" or address.hostname is None:
            raise ValueError(f"--victoria-logs: {url!r} is no http:// URL")
        self._host, self._port = address.hostname, address.port or 9428

    def connect(self) -> http.client.HTTPConnection:
        """Open a keep-alive connection."""
        return http.client.HTTPConnection(self._host, self._port, timeout=_ANSWER_S)

    def take(self, connection: http.client.HTTPConnection, lines: bytes) -> None:
        """Send NDJSON lines; returns when they are acknowledged, which here means: in memory."""
        _ask(connection, insertion(lines))

    def rows(self) -> int:
        """Return how many rows it has."""
        connection = self.connect()
        answer = _ask(connection, question("Q8", "* | stats count() rows"))
        connection.close()
        return answer_size("Q8", answer)

    def use(self) -> Use:
        """Return what it used so far."""
        connection = self.connect()
        connection.request("GET", "/metrics")
        metrics = connection.getresponse().read().decode()
        connection.close()
        return read_use(metrics)

    def check_empty(self) -> None:
        """Refuse one that has rows, as they would count."""
        rows = self.rows()
        if rows:
            raise RuntimeError(f"VictoriaLogs has {rows} rows already: start it with an empty folder")

    def fill(self, batches: list[bytes], rows: int) -> None:
        """Make it hold the corpus and nothing else, unless it does already."""
        if self.rows() != rows:
            self.check_empty()
            send_all(self, batches)
        wait_found(self, rows)

    def timing(self, name: str, logsql: str) -> Timing:
        """Time one of Q1 to Q9, warm."""
        connection = self.connect()
        timing = timed(partial(_ask, connection, question(name, logsql)))
        connection.close()
        return timing


def _ask(connection: http.client.HTTPConnection, request: Request) -> bytes:
    path, body, headers = request
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answer = response.read()
    if response.status >= http.client.BAD_REQUEST:
        raise RuntimeError(f"VictoriaLogs, {path}: {response.status} {answer[:300]!r}")
    return answer
