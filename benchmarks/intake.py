"""Intake over HTTP, against a plain loop of the standard library's `json.loads` over the same lines.

python -m benchmarks.intake [ROWS]
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.aggregator import Aggregator, running
from benchmarks.corpus import bodies

_CONNECTIONS = 2
_IDLE_S = 20.0
_PROBES = 20
_FOUND_S = 60.0


def main() -> None:
    """Measure, and print a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    batches = list(bodies(rows))
    raw_bytes = sum(map(len, batches))
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(batches, Path(folder) / "data")
    figures = {"rows": rows, "raw_mb": round(raw_bytes / 1e6, 1), **figures}
    for name, value in figures.items():
        print(f"{name:36} {value:>14}")
    print(json.dumps(figures))


def measure(batches: list[bytes], data: Path) -> dict[str, float]:
    """Run everything on one aggregator, and start it again with what it stored."""
    rows = sum(body.count(b"\n") for body in batches)
    with running(data) as aggregator:
        idle_empty_mb = aggregator.process.memory_info().rss / 2**20
        naive_before = _json_loop(batches)
        cpu_before_s = aggregator.cpu_s()
        started = time.perf_counter()
        ack_ms = _send_all(aggregator, batches)
        duration_s = time.perf_counter() - started
        _wait_found(aggregator, rows)
        found_s = time.perf_counter() - started - duration_s
        sealed_s = _wait_quiet(aggregator)
        cpu_s = aggregator.cpu_s() - cpu_before_s
        naive = statistics.mean((naive_before, _json_loop(batches)))
        found_ms = _probe(aggregator)
    with running(data) as aggregator:
        time.sleep(5)
        idle_s = aggregator.cpu_s()
        time.sleep(_IDLE_S)
        idle_percent = 100 * (aggregator.cpu_s() - idle_s) / _IDLE_S
        memory_mb = aggregator.process.memory_info().rss / 2**20
        size_bytes = sum(path.stat().st_size for path in (data / "store").rglob("*") if path.is_file())
        return {
            "intake_rows_per_s": round(rows / duration_s),
            "json_loads_rows_per_s": round(naive),
            "ratio_to_json_loads": round(rows / duration_s / naive, 3),
            "ack_p50_ms": round(statistics.median(ack_ms), 1),
            "ack_p99_ms": round(statistics.quantiles(ack_ms, n=100)[98], 1),
            "all_found_after_last_ack_s": round(found_s, 3),
            "all_sealed_after_last_ack_s": round(found_s + sealed_s, 3),
            "cpu_us_per_row": round(1e6 * cpu_s / rows, 2),
            "line_found_after_ack_p50_ms": round(statistics.median(found_ms), 1),
            "line_found_after_ack_max_ms": round(max(found_ms), 1),
            "disk_mb": round(size_bytes / 1e6, 1),
            "rss_empty_mb": round(idle_empty_mb, 1),
            "start_with_rows_stored_s": round(aggregator.start_s, 2),
            "idle_rss_with_rows_stored_mb": round(memory_mb, 1),
            "idle_cpu_percent": round(idle_percent, 2),
        }


def _json_loop(batches: list[bytes]) -> float:
    """Rows/s of a plain loop over a sample of the lines."""
    lines = [line for body in batches[:40] for line in body.splitlines()]
    started = time.perf_counter()
    for line in lines:
        json.loads(line)
    return len(lines) / (time.perf_counter() - started)


def _send_all(aggregator: Aggregator, batches: list[bytes]) -> list[float]:
    durations_ms: list[float] = []

    def send(mine: list[bytes]) -> None:
        connection = aggregator.connect()
        for body in mine:
            started = time.perf_counter()
            aggregator.post(connection, "/api/v1/logs", body, "ingest")
            durations_ms.append(1000 * (time.perf_counter() - started))
        connection.close()

    threads = [threading.Thread(target=send, args=(batches[n::_CONNECTIONS],)) for n in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return durations_ms


def _stored_rows(aggregator: Aggregator) -> tuple[int, int]:
    connection = aggregator.connect()
    connection.request(
        "GET", "/api/v1/stats", headers={"Authorization": f"Bearer {aggregator.token('read')}"}
    )
    store = json.loads(connection.getresponse().read())["store"]
    connection.close()
    return store["rows"], store["segments"]


def _wait_found(aggregator: Aggregator, rows: int) -> None:
    deadline = time.monotonic() + _FOUND_S
    while (found := _stored_rows(aggregator)[0]) < rows:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} of {rows} rows can be found after {_FOUND_S} s")
        time.sleep(0.02)


def _wait_quiet(aggregator: Aggregator) -> float:
    """Wait until no more segments are made; return the seconds until the last one."""
    started = time.perf_counter()
    last_s, segments = 0.0, -1
    while time.perf_counter() - started < last_s + 2:
        now = _stored_rows(aggregator)[1]
        if now != segments:
            segments, last_s = now, time.perf_counter() - started
        time.sleep(0.05)
    return last_s


def _probe(aggregator: Aggregator) -> list[float]:
    """Milliseconds from a line's acknowledgement until a search finds it."""
    connection = aggregator.connect()
    durations_ms = []
    for number in range(_PROBES):
        line = json.dumps({"message": f"probe{number}found", "service": "probe"}).encode()
        aggregator.post(connection, "/api/v1/logs", line, "ingest")
        started = time.perf_counter()
        while not aggregator.search(connection, query=f"probe{number}found service:probe", start="now-5m")[
            "rows"
        ]:
            time.sleep(0.002)
        durations_ms.append(1000 * (time.perf_counter() - started))
    connection.close()
    return durations_ms


if __name__ == "__main__":
    main()
