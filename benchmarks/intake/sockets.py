"""Lines a second of what has no bodies and hears of no acknowledgement: syslog and GELF."""

import json
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.aggregator import Aggregator, free_port, running
from benchmarks.corpus import bodies
from benchmarks.intake.protocols import Line
from benchmarks.store.figures import Figure, at_least

_GOAL = 100_000
_POLL_S = 0.02
_SETTLED_S = 1.5
"""Time without a change after which nothing more comes; the kernel's drops are counted every second."""

_SEVERITIES = {"CRITICAL": 2, "ERROR": 3, "WARNING": 4, "INFO": 6, "DEBUG": 7, "TRACE": 7}
_LOCAL0 = 16 * 8


def _rfc_5424(line: Line) -> bytes:
    head = f"<{_LOCAL0 + _SEVERITIES[line['level']]}>1 {line['timestamp']} {line['host']} {line['service']}"
    return f"{head} 17 - - {line['message']}".encode()


def _rfc_3164(line: Line) -> bytes:
    time_of_day = datetime.fromisoformat(line["timestamp"]).strftime("%b %e %H:%M:%S")
    head = f"<{_LOCAL0 + _SEVERITIES[line['level']]}>{time_of_day} {line['host']} {line['service']}[17]"
    return f"{head}: {line['message']}".encode()


def _gelf(line: Line) -> bytes:
    return json.dumps(
        {
            "version": "1.1",
            "host": line["host"],
            "short_message": line["message"],
            "timestamp": datetime.fromisoformat(line["timestamp"]).timestamp(),
            "level": _SEVERITIES[line["level"]],
            "_service": line["service"],
        }
    ).encode()


def measure(rows: int) -> Iterator[Figure]:
    """Send the same lines in each way, each to an aggregator of its own.

    Args:
        rows: how many.
    """
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        json.loads(line)
        for body in bodies(rows, start=today - timedelta(days=1))
        for line in body.splitlines()
    ]
    for name, option, encode, end in (
        ("syslog, RFC 5424, TCP", "--syslog-tcp-port", _rfc_5424, b"\n"),
        ("syslog, RFC 3164, TCP", "--syslog-tcp-port", _rfc_3164, b"\n"),
        ("GELF, TCP", "--gelf-tcp-port", _gelf, b"\0"),
    ):
        yield _stream(name, option, [encode(line) + end for line in lines])
    yield _datagrams("syslog, RFC 5424, UDP", "--syslog-udp-port", list(map(_rfc_5424, lines)))


def _stream(name: str, option: str, messages: list[bytes]) -> Figure:
    def send(port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"".join(messages))

    stored, _, seconds, cpu_s = _sent(option, send, len(messages))
    return Figure(
        name=f"{name}, stored",
        unit="lines/s",
        measured=stored / seconds,
        goal=at_least(_GOAL),
        note=f"one connection; {1e6 * cpu_s / stored:.1f} µs of CPU a line",
    )


def _datagrams(name: str, option: str, messages: Iterable[bytes]) -> Figure:
    sent = list(messages)

    def send(port: int) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for message in sent:
                sender.sendto(message, ("127.0.0.1", port))

    stored, lost, seconds, cpu_s = _sent(option, send, len(sent))
    return Figure(
        name=f"{name}, stored",
        unit="lines/s",
        measured=stored / seconds,
        note=f"sent without a pause, {lost:,} of {len(sent):,} lost, "
        f"all counted: {stored + lost == len(sent)}; {1e6 * cpu_s / stored:.1f} µs of CPU a line",
    )


def _sent(option: str, send: Callable[[int], None], messages: int) -> tuple[int, int, float, float]:
    """Send messages.

    Returns:
        How many were stored and how many lost, the seconds until the last was stored, and of the processor.
    """
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "data", options=(option, str(port))) as aggregator,
    ):
        cpu_before_s = aggregator.cpu_s()
        started = time.perf_counter()
        send(port)
        changed = time.perf_counter()
        counts = _counts(aggregator)
        while sum(counts) < messages and time.perf_counter() - changed < _SETTLED_S:
            time.sleep(_POLL_S)
            now = _counts(aggregator)
            if now[0] != counts[0]:
                changed = time.perf_counter()
            counts = now
        return *counts, changed - started, aggregator.cpu_s() - cpu_before_s


def _counts(aggregator: Aggregator) -> tuple[int, int]:
    """How many lines were stored and how many lost."""
    connection = aggregator.connect()
    sources: dict[str, Any] = json.loads(aggregator.ask(connection, "GET", "/api/v1/stats"))["sources"]
    connection.close()
    return (
        sum(source["lines"] for source in sources.values()),
        sum(sum(source["refused_lines"].values()) for source in sources.values()),
    )
