"""What the library does for its lines while the aggregator is away, is killed, or is slow.

    python -m benchmarks.library.delivery away  [--lines N] [--away-s S]
    python -m benchmarks.library.delivery kills [--kills N]
    python -m benchmarks.library.delivery loop  [--seconds S]

Each group runs a service in this process, with a spool, against a real aggregator in another. What is
stored is compared by the number, the sum and the ends of a number that each line carries.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import psutil

from benchmarks.aggregator import Aggregator, free_port, running
from benchmarks.store.figures import HEADING, Figure, at_most, percentile, table_row
from ha_ingestor_logging import configure, flush, get_logger, metrics, shutdown
from ha_ingestor_logging.settings import Settings

_KILLS_LINES_PER_S: Final = 5_000
_LOOP_ROUNDS: Final = 3
_TICK_S: Final = 0.01
_FLUSH_S: Final = 300.0
_FOUND_S: Final = 60.0


def main() -> None:
    """Measure one group, and print its figures as a table and as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("group", choices=("away", "kills", "loop"))
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--away-s", type=float, default=60.0)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    groups: dict[str, Callable[[Path], Iterator[Figure]]] = {
        "away": lambda folder: _away(folder, options.lines, options.away_s),
        "kills": lambda folder: _kills(folder, options.kills),
        "loop": lambda folder: _loop(folder, options.seconds),
    }
    with tempfile.TemporaryDirectory() as folder:
        figures = list(groups[options.group](Path(folder)))
    print(HEADING)
    for figure in figures:
        print(table_row(figure))
    print(json.dumps([figure.as_json() for figure in figures]))


def _away(folder: Path, lines: int, away_s: float) -> Iterator[Figure]:
    port = free_port()
    with running(folder / "data", port=port) as aggregator:
        _configure(folder, aggregator)
        aggregator.process.kill()
    with _memory() as memory:
        began_s = time.monotonic()
        log = get_logger()
        for number in range(lines):
            _log_line(log.info, number)
        burst_s = time.monotonic() - began_s
        time.sleep(max(away_s - burst_s, 0.0))
        spool_bytes = sum(path.stat().st_size for path in (folder / "spool").iterdir())
        with running(folder / "data", port=port) as aggregator:
            back_s = time.monotonic()
            complete = flush(_FLUSH_S)
            drain_s = time.monotonic() - back_s
            yield from _lost_and_doubled(aggregator, lines, complete=complete)
            shutdown()
    defaults = Settings()
    bound_mib = (defaults.queue_size_bytes + defaults.delivery_size_bytes) / 2**20
    yield Figure(
        name="memory beyond that before the burst",
        unit="MiB",
        measured=max(memory) - memory[0],
        goal=at_most(bound_mib),
        note="the bounds of queue and delivery",
    )
    yield Figure(name="burst", unit="lines/s", measured=lines / burst_s, note=f"{burst_s:.1f} s")
    yield Figure(name="spool's size at the end", unit="MiB", measured=spool_bytes / 2**20)
    yield Figure(
        name="delivery afterwards", unit="lines/s", measured=lines / drain_s, note=f"{drain_s:.1f} s"
    )


def _kills(folder: Path, kills: int) -> Iterator[Figure]:
    port = free_port()
    stop = threading.Event()
    logged: list[int] = []
    service: threading.Thread | None = None
    for _ in range(kills):
        with running(folder / "data", port=port) as aggregator:
            if service is None:
                _configure(folder, aggregator)
                service = threading.Thread(target=lambda: logged.append(_log_steadily(stop)))
                service.start()
            time.sleep(random.uniform(0.3, 2.0))
            aggregator.process.kill()
    with running(folder / "data", port=port) as aggregator:
        time.sleep(1.0)
        stop.set()
        if service is not None:
            service.join()
        complete = flush(_FLUSH_S)
        yield from _lost_and_doubled(aggregator, logged[0], complete=complete)
        shutdown()
    yield Figure(name="lines logged", unit="lines", measured=logged[0], note=f"{kills} kills")


def _loop(folder: Path, seconds: float) -> Iterator[Figure]:
    rounds: dict[str, list[list[float]]] = {"alone": [], "delivering": [], "spooling": []}
    for number in range(_LOOP_ROUNDS):
        here = folder / str(number)
        with running(here / "data") as aggregator:
            rounds["alone"].append(asyncio.run(_lateness_ms(seconds, lambda _number: None)))
            _configure(here, aggregator)
            log = get_logger()
            logging = partial(_log_line, log.info)
            rounds["delivering"].append(asyncio.run(_lateness_ms(seconds, logging)))
            aggregator.process.kill()
            rounds["spooling"].append(asyncio.run(_lateness_ms(seconds, logging)))
            shutdown(1.0)
    for name, lateness_ms in rounds.items():
        quietest_ms = min(lateness_ms, key=max)
        yield Figure(
            name=f"longest hold of an event loop, {name}",
            unit="ms",
            measured=max(quietest_ms),
            goal=None if name == "alone" else at_most(5.0),
            note=f"p99.9 {percentile(quietest_ms, 99.9):.2f}; all rounds: "
            + ", ".join(f"{max(one_ms):.1f}" for one_ms in lateness_ms),
        )


async def _lateness_ms(seconds: float, call: Callable[[int], None]) -> list[float]:
    """How long each turn of a loop takes beyond the pause that it asks for, at 5,000 calls a second.

    Without the time for which it could have run and the machine ran others, as the scheduler counts it.
    What a virtual machine's host takes stays in it, as the run alone shows; so the quietest round counts.
    """
    gc.collect()
    scheduler = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)
    lateness_ms = []
    per_turn = round(_KILLS_LINES_PER_S * 0.002)
    until_s = time.perf_counter() + seconds
    before_s = time.perf_counter()
    delayed_ns = int(os.pread(scheduler, 100, 0).split()[1])
    number = 0
    while before_s < until_s:
        for _ in range(per_turn):
            call(number)
            number += 1
        await asyncio.sleep(0.002)
        now_s = time.perf_counter()
        delayed_before_ns, delayed_ns = delayed_ns, int(os.pread(scheduler, 100, 0).split()[1])
        late_s = now_s - before_s - 0.002
        lateness_ms.append(late_s * 1e3 - (delayed_ns - delayed_before_ns) / 1e6)
        before_s = now_s
    os.close(scheduler)
    return lateness_ms


def _configure(folder: Path, aggregator: Aggregator) -> None:
    configure(
        service="benchmark",
        output="http",
        url=f"http://127.0.0.1:{aggregator.port}",
        token=aggregator.token("ingest").strip(),
        spool=str(folder / "spool"),
        standard_library=False,
    )


def _log_line(log: Callable[..., object], number: int) -> None:
    log("state_changed event processed", entity_id="sensor.kitchen", domain="sensor", n=number)


def _log_steadily(stop: threading.Event) -> int:
    log = get_logger()
    number = 0
    began_s = time.monotonic()
    while not stop.is_set():
        due = int((time.monotonic() - began_s) * _KILLS_LINES_PER_S)
        while number < due:
            _log_line(log.info, number)
            number += 1
        time.sleep(_TICK_S)
    return number


@contextmanager
def _memory() -> Iterator[list[float]]:
    """Samples of this process's resident memory, MiB; the first from before."""
    gc.collect()
    process = psutil.Process()
    samples = [process.memory_info().rss / 2**20]
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(0.02):
            samples.append(process.memory_info().rss / 2**20)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def _lost_and_doubled(aggregator: Aggregator, lines: int, *, complete: bool) -> Iterator[Figure]:
    if not complete:
        print(f"not everything was delivered within {_FLUSH_S} s", file=sys.stderr)
    connection = aggregator.connect()
    question = {"query": "service:benchmark n:*", "field": "n", "functions": ["count", "sum", "min", "max"]}
    deadline_s = time.monotonic() + _FOUND_S
    found: dict[str, float] = {}
    while found.get("count", 0) < lines and time.monotonic() < deadline_s:
        time.sleep(0.5)
        answer = aggregator.ask(connection, "POST", "/api/v1/aggregate", json.dumps(question).encode())
        found = next(iter(json.loads(answer)["groups"]), {})
    connection.close()
    sum_expected = lines * (lines - 1) // 2
    as_expected = (found.get("sum"), found.get("min"), found.get("max")) == (sum_expected, 0, lines - 1)
    dropped = [
        line for line in metrics.exposition().decode().splitlines() if "records_dropped_total{" in line
    ]
    yield Figure(
        name="lines lost, or doubled if below 0",
        unit="lines",
        measured=lines - found.get("count", 0),
        note=("sum and ends as expected" if as_expected else f"sum and ends are not as expected: {found}")
        + (f"; dropped: {dropped}" if dropped else ""),
    )


if __name__ == "__main__":
    main()
