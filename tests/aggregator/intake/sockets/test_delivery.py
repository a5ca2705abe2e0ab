"""Messages by sockets while the store takes none."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from aggregator.errors import AggregatorError, DiskFullError, OverloadedError
from aggregator.intake.decoded import Decoded
from aggregator.intake.sockets.connections import Connections
from aggregator.intake.sockets.datagrams import Datagrams
from aggregator.intake.sockets.delivery import Batch, Delivery
from aggregator.intake.syslog.framing import SyslogFraming
from aggregator.metrics.self_metrics import SelfMetrics
from tests.aggregator.running_aggregator import free_port


class BusyStore:
    """In place of a store, since no real one is busy for as long as a test wants."""

    def __init__(self) -> None:
        self.error: AggregatorError | None = None
        self.later: AggregatorError | None = None
        self.rows: list[str] = []

    def append(self, lines: bytes, _rows: int, _source: str) -> Future[None]:
        if self.error is not None:
            raise self.error
        done: Future[None] = Future()
        if self.later is not None:
            done.set_exception(self.later)
        else:
            self.rows += [json.loads(line) for line in lines.splitlines()]
            done.set_result(None)
        return done


class Parts:
    """What delivers to such a store."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.store = BusyStore()
        self.metrics = SelfMetrics()
        state: Any = SimpleNamespace(store=self.store, self_metrics=self.metrics, intake=threads)
        self.delivery = Delivery(state, "syslog", decode)

    def counts(self) -> tuple[int, dict[str, int]]:
        counts = self.metrics.by_source().get("syslog")
        return (counts.lines, dict(counts.refused_lines)) if counts else (0, {})


def decode(messages: Any, _senders: Any) -> Decoded:
    if b"bug" in messages:
        raise ValueError("a bug")
    return Decoded(b"".join(b'"%b"\n' % message[:20] for message in messages), len(messages), [])


@pytest.fixture
def parts() -> Iterator[Parts]:
    with ThreadPoolExecutor(2) as threads:
        yield Parts(threads)


def send(connection: socket.socket, first: int, last: int) -> None:
    for number in range(first, last):
        connection.sendall(b"%020d" % number + b"x" * 1000 + b"\n")


def wait_for_rows(parts: Parts, rows: int) -> None:
    deadline_s = time.monotonic() + 20
    while len(parts.store.rows) < rows:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def test_a_connection_is_not_read_from_while_nothing_is_stored_and_nothing_is_lost(parts: Parts) -> None:
    parts.store.error = OverloadedError("busy")
    rows = 40_000

    async def run() -> None:
        port = free_port()
        connections = Connections(parts.delivery, SyslogFraming)
        await connections.start("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.settimeout(60)
            sending = asyncio.get_running_loop().run_in_executor(None, send, connection, 0, rows)
            done, _ = await asyncio.wait([sending], timeout=1.5)
            assert not done, "40 MB went into an aggregator that stores nothing"
            parts.store.error = None
            await sending
        await asyncio.to_thread(wait_for_rows, parts, rows)
        await connections.stop()

    asyncio.run(run())
    assert [int(row) for row in parts.store.rows] == list(range(rows))
    assert parts.counts() == (rows, {})


def test_what_can_not_be_stored_when_the_aggregator_stops_is_counted(parts: Parts) -> None:
    parts.store.error = DiskFullError("full")

    async def run() -> None:
        port = free_port()
        connections = Connections(parts.delivery, SyslogFraming)
        await connections.start("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            send(connection, 0, 3)
            await asyncio.sleep(0.1)
            await connections.stop()

    asyncio.run(run())
    assert parts.counts() == (0, {"disk_full": 3})


@pytest.mark.parametrize(
    ("at_once", "later", "reason"),
    [
        (OverloadedError("busy"), None, "overloaded"),
        (None, DiskFullError("full"), "disk_full"),
        (None, None, "internal"),
    ],
)
def test_datagrams_that_can_not_be_stored_are_counted(
    parts: Parts, at_once: AggregatorError | None, later: AggregatorError | None, reason: str
) -> None:
    parts.store.error, parts.store.later = at_once, later
    port = free_port()
    datagrams = Datagrams(parts.delivery)
    datagrams.start("127.0.0.1", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for message in (b"one", b"bug" if reason == "internal" else b"two"):
            sender.sendto(message, ("127.0.0.1", port))
    time.sleep(0.1)
    datagrams.stop()
    assert parts.counts() == (0, {reason: 2})


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this system has no IPv6")
def test_an_address_is_the_same_by_whatever_socket_it_is_seen(parts: Parts) -> None:
    seen: list[bytes] = []

    def see(batch: Batch) -> Batch:
        seen.extend(batch.senders)
        return batch

    port = free_port()
    datagrams = Datagrams(parts.delivery, see)
    datagrams.start("::", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"one", ("127.0.0.1", port))
    time.sleep(0.1)
    datagrams.stop()
    assert seen == [b"127.0.0.1"]


def test_datagrams_that_wait_too_long_to_be_decoded_are_lost_and_counted(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.limits.WAITING_DATAGRAM_BYTES", 10)
    port = free_port()
    datagrams = Datagrams(parts.delivery)
    datagrams.start("127.0.0.1", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"more than ten bytes", ("127.0.0.1", port))
        time.sleep(0.1)
        sender.sendto(b"less", ("127.0.0.1", port))
    time.sleep(0.1)
    datagrams.stop()
    assert parts.store.rows == ["less"]
    assert parts.counts() == (1, {"queue_full": 1})
