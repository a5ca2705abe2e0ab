"""Intake at full speed: rows a second, acknowledgements, and all that a row costs over its life."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.aggregator import running
from benchmarks.store import json_loop, victoria_intake
from benchmarks.store.figures import Figure, at_least, at_most, percentile
from benchmarks.store.load import send_all, wait_found, wait_quiet
from benchmarks.store.options import Options

_IDLE_S = 20.0
_VICTORIA_ROWS_PER_S = 212_000
"""VictoriaLogs' on the reference machine; the ratios to the loops hold on any."""


def measure(options: Options) -> Iterator[Figure]:
    """Send the corpus, wait until all of it is stored for good, and start again with what is stored."""
    victoria = (
        {} if options.victoria_logs is None else victoria_intake.measure(options, options.victoria_logs)
    )
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        for figure in _send(options, data):
            beside = victoria.get(figure.name)
            if beside is None:
                yield figure
            else:
                yield replace(figure, victoria_logs=beside.value, goal=beside.goal or figure.goal)
        yield from _start_again(data)


def _send(options: Options, data: Path) -> Iterator[Figure]:
    batches = options.corpus()
    raw_bytes = sum(map(len, batches))
    pythons = json_loop.pythons()
    with running(data) as aggregator:
        yield Figure(name="RSS, empty", unit="MiB", measured=aggregator.rss_mb())
        before = {version: json_loop.rows_per_s(batches, python) for version, python in pythons.items()}
        cpu_before_s = aggregator.cpu_s()
        written_before = aggregator.written_bytes()
        started = time.perf_counter()
        ack_ms = send_all(aggregator, batches)
        duration_s = time.perf_counter() - started
        wait_found(aggregator, options.rows)
        found_s = time.perf_counter() - started - duration_s
        converted_s = found_s + wait_quiet(aggregator, options.settle_s)
        cpu_s = aggregator.cpu_s() - cpu_before_s
        written = [
            after - earlier for after, earlier in zip(aggregator.written_bytes(), written_before, strict=True)
        ]
        peak_mb = aggregator.peak_rss_mb()
        disk_bytes = aggregator.disk_bytes()
        after = {version: json_loop.rows_per_s(batches, python) for version, python in pythons.items()}
    rows_per_s = options.rows / duration_s
    yield Figure(
        name="intake",
        unit="rows/s",
        measured=rows_per_s,
        goal=at_least(2 * _VICTORIA_ROWS_PER_S),
    )
    for version in pythons:
        loop = statistics.mean((before[version], after[version]))
        yield Figure(
            name=f"intake ÷ json.loads loop, Python {version}",
            unit="x",
            measured=rows_per_s / loop,
            goal=at_least(1.1) if version == json_loop.REFERENCE else None,
            note=f"the loop: {loop:,.0f} rows/s",
        )
    yield Figure(name="acknowledgement p50", unit="ms", measured=percentile(ack_ms, 50))
    yield Figure(name="acknowledgement p99", unit="ms", measured=percentile(ack_ms, 99), goal=at_most(100))
    yield Figure(name="acknowledgement max", unit="ms", measured=max(ack_ms))
    yield Figure(name="last acknowledgement → all found", unit="s", measured=found_s)
    yield Figure(name="last acknowledgement → all converted", unit="s", measured=converted_s, goal=at_most(5))
    yield Figure(
        name="CPU a row, until quiet", unit="µs", measured=1e6 * cpu_s / options.rows, goal=at_most(5)
    )
    yield Figure(name="peak RSS (VmHWM)", unit="MiB", measured=peak_mb, goal=at_most(200))
    block_bytes, passed_bytes = written
    yield Figure(
        name="bytes written ÷ raw",
        unit="x",
        measured=block_bytes / raw_bytes if block_bytes else None,
        goal=at_most(0.4),
        note="write_bytes of /proc/PID/io" if block_bytes else "the data folder is on no block device",
    )
    yield Figure(
        name="bytes passed to write() ÷ raw",
        unit="x",
        measured=passed_bytes / raw_bytes,
        note="wchar of /proc/PID/io",
    )
    yield Figure(
        name="disk ÷ raw",
        unit="x",
        measured=disk_bytes / raw_bytes,
        goal=at_most(75 / 979),
        note=f"{disk_bytes / 1e6:.1f} of {raw_bytes / 1e6:.1f} MB",
    )


def _start_again(data: Path) -> Iterator[Figure]:
    with running(data) as aggregator:
        yield Figure(
            name="start to ready, rows stored", unit="s", measured=aggregator.start_s, goal=at_most(0.2)
        )
        time.sleep(5)
        before_s = aggregator.cpu_s()
        time.sleep(_IDLE_S)
        idle_percent = 100 * (aggregator.cpu_s() - before_s) / _IDLE_S
        yield Figure(name="idle RSS, rows stored", unit="MiB", measured=aggregator.rss_mb())
        yield Figure(name="idle CPU, rows stored", unit="%", measured=idle_percent)
