"""How long after its acknowledgement a line is found by a search, and reaches the reader of a live tail."""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from benchmarks.aggregator import Aggregator, running
from benchmarks.corpus import bodies
from benchmarks.store.figures import Figure, at_most, percentile
from benchmarks.store.options import Options

_PROBES = 40
_LINES_PER_S = 10_000
_LINES_PER_BODY = 500
_LONGEST_S = 60
_PAUSE_S = 0.4
"""Longest pause between two probes, so that they come at any moment of the store's own rhythm."""

_FOUND_S = 30.0


def measure(_options: Options) -> Iterator[Figure]:
    """Send probes to an empty store, then to one that takes a steady stream of other lines."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as aggregator:
        for steady in (False, True):
            latencies = asyncio.run(_measure(aggregator, steady=steady))
            when = f"at {_LINES_PER_S:,} lines/s" if steady else "alone"
            yield from _figures(f"found by search, {when}", latencies.found_ms, 300)
            yield from _figures(f"at a live tail, {when}", latencies.tailed_ms, 100)


def _figures(name: str, durations_ms: list[float], goal_ms: float) -> Iterator[Figure]:
    yield Figure(
        name=f"{name}, p95",
        unit="ms",
        measured=percentile(durations_ms, 95),
        goal=at_most(goal_ms),
        note=f"p50 {percentile(durations_ms, 50):.1f}, max {max(durations_ms):.1f}",
    )


@dataclass(slots=True)
class _Latencies:
    found_ms: list[float] = field(default_factory=list)
    tailed_ms: list[float] = field(default_factory=list)


async def _measure(aggregator: Aggregator, *, steady: bool) -> _Latencies:
    latencies = _Latencies()
    background = list(_background()) if steady else []
    arrivals: dict[str, asyncio.Future[float]] = {}
    async with (
        _session(aggregator, "read") as reading,
        _session(aggregator, "ingest") as sending,
        reading.ws_connect("/api/v1/live") as tail,
    ):
        await tail.send_json({"id": 1, "type": "tail", "query": "service:probe"})
        reader = asyncio.create_task(_read_tail(tail, arrivals))
        stream = asyncio.create_task(_stream(sending, background))
        for number in range(_PROBES):
            await asyncio.sleep(random.uniform(0, _PAUSE_S))
            await _probe(f"probe{number}steady{steady}", reading, sending, arrivals, latencies)
        if steady and stream.done():
            stream.result()
            raise RuntimeError(f"the lines for {_LONGEST_S} s ran out")
        stream.cancel()
        reader.cancel()
    return latencies


async def _probe(
    word: str,
    reading: aiohttp.ClientSession,
    sending: aiohttp.ClientSession,
    arrivals: dict[str, asyncio.Future[float]],
    latencies: _Latencies,
) -> None:
    arrivals[word] = asyncio.get_running_loop().create_future()
    await _post(sending, "/api/v1/logs", json.dumps({"message": word, "service": "probe"}).encode())
    acknowledged = time.perf_counter()
    search = json.dumps({"query": f"{word} service:probe", "start": "now-5m"}).encode()
    async with asyncio.timeout(_FOUND_S):
        while not json.loads(await _post(reading, "/api/v1/search", search))["rows"]:  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.002)
        latencies.found_ms.append(1000 * (time.perf_counter() - acknowledged))
        # The tail may be faster than the acknowledgement's way back.
        latencies.tailed_ms.append(1000 * max(0.0, await arrivals[word] - acknowledged))


async def _read_tail(
    tail: aiohttp.ClientWebSocketResponse, arrivals: dict[str, asyncio.Future[float]]
) -> None:
    async for message in tail:
        arrived = time.perf_counter()
        for row in json.loads(message.data).get("rows", ()):
            arrivals[row["message"]].set_result(arrived)


async def _stream(session: aiohttp.ClientSession, background: list[bytes]) -> None:
    """Send bodies at a steady pace, each at its own moment however long the others take."""
    started = time.perf_counter()
    for number, body in enumerate(background):
        await asyncio.sleep(started + number * _LINES_PER_BODY / _LINES_PER_S - time.perf_counter())
        await _post(session, "/api/v1/logs", body)


def _background() -> Iterator[bytes]:
    interval_ms = 1000 / _LINES_PER_S
    return bodies(
        _LONGEST_S * _LINES_PER_S, _LINES_PER_BODY, start=datetime.now(UTC), interval_ms=interval_ms
    )


@asynccontextmanager
async def _session(aggregator: Aggregator, scope: str) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": f"Bearer {aggregator.token(scope)}"}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{aggregator.port}", headers=headers) as session:
        yield session


async def _post(session: aiohttp.ClientSession, path: str, body: bytes) -> bytes:
    async with session.post(path, data=body) as response:
        answer = await response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {answer[:300]!r}")
        return answer
