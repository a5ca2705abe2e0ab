"""What a log line costs: the library, structlog with orjson, and the standard library's text.

    python -m benchmarks.library [LINES]

Each program logs the same line with three fields, 100 calls every 10 ms. The two others format and write
it to a file in the caller's thread. The library runs as in a service: its threads render, compress and
deliver to a server in a process of its own, which takes all requests and forgets them.
"""

import argparse
import gc
import json
import logging
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import orjson
import structlog

from ha_ingestor_logging import configure, correlation, flush, get_logger, shutdown

_BURST_CALLS: Final = 100
_BURST_INTERVAL_S: Final = 0.01
_WARM_UP_CALLS: Final = 2_000

Call = Callable[[], object]
Figures = dict[str, float]


def main() -> None:
    """Measure, and print a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", nargs="?", type=int, default=20_000)
    lines: int = parser.parse_args().lines
    figures = measure(lines)
    python = sys.version.split()[0]
    print(f"Python {python}; ns a call for the caller; µs of CPU a line in all threads")
    print(f"{'':28} {'min':>8} {'p50':>8} {'p99':>8} {'CPU µs':>8}")
    for name, figure in figures.items():
        print(
            f"{name:28} {figure['min_ns']:8.0f} {figure['p50_ns']:8.0f} {figure['p99_ns']:8.0f} "
            f"{figure['cpu_us']:8.2f}"
        )
    print(json.dumps({"python": python, "lines": lines, "figures": figures}))


def measure(lines: int) -> dict[str, Figures]:
    """Run everything once, one after the other.

    Args:
        lines: log lines of each.

    Returns:
        By program: minimum, median and 99th percentile of a call in ns, and CPU time a line in µs.
    """
    with tempfile.TemporaryDirectory() as folder, _server() as url:
        figures = {
            "standard library, text": _run(_standard_library(Path(folder) / "text.log"), lines),
            "structlog, orjson": _run(_structlog(Path(folder) / "structlog.log"), lines),
        }
        log = get_logger()
        for name, redact in (("library, secrets in clear", False), ("library", True)):
            configure(service="benchmark", output="http", url=url, token="none", redact=redact)  # noqa: S106 - no secret
            with correlation():
                figures[name] = _run(
                    lambda: log.info(
                        "state_changed event processed",
                        entity_id="sensor.kitchen",
                        domain="sensor",
                        value=21.5,
                    ),
                    lines,
                    finish=_deliver_all,
                )
        with correlation():
            figures["library, disabled level"] = _run(
                lambda: log.debug(
                    "state_changed event processed", entity_id="sensor.kitchen", domain="sensor", value=21.5
                ),
                lines,
            )
        shutdown()
    return figures


def _run(call: Call, lines: int, finish: Callable[[], None] | None = None) -> Figures:
    for _ in range(_WARM_UP_CALLS):
        call()
    if finish is not None:
        finish()
    gc.collect()
    clock = time.perf_counter_ns
    empty_ns = min(-(clock() - clock()) for _ in range(10_000))
    samples_ns = []
    cpu_before_s = time.process_time()
    for _ in range(lines // _BURST_CALLS):
        for _ in range(_BURST_CALLS):
            before_ns = clock()
            call()
            samples_ns.append(clock() - before_ns - empty_ns)
        time.sleep(_BURST_INTERVAL_S)
    if finish is not None:
        finish()
    cpu_s = time.process_time() - cpu_before_s
    percentiles = statistics.quantiles(samples_ns, n=100)
    return {
        "min_ns": min(samples_ns),
        "p50_ns": percentiles[49],
        "p99_ns": percentiles[98],
        "cpu_us": round(cpu_s / len(samples_ns) * 1e6, 3),
    }


def _deliver_all() -> None:
    if not flush(60):
        sys.exit("the server did not take all lines")


def _standard_library(path: Path) -> Call:
    logger = logging.Logger("benchmark", logging.INFO)  # noqa: LOG001 - apart from the root logger
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger.addHandler(handler)
    return lambda: logger.info(
        "state_changed event processed entity_id=%s domain=%s value=%s", "sensor.kitchen", "sensor", 21.5
    )


def _structlog(path: Path) -> Call:
    logger = structlog.wrap_logger(
        structlog.BytesLogger(path.open("wb")),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    ).bind()
    return lambda: logger.info(
        "state_changed event processed", entity_id="sensor.kitchen", domain="sensor", value=21.5
    )


class _Sink(BaseHTTPRequestHandler):
    """Takes every request, as the aggregator would."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Read the body and accept it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"accepted":0,"errors":[]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST  # noqa: N815 - the base class's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(port: Connection) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Sink)
    port.send(server.server_port)
    server.serve_forever()


@contextmanager
def _server() -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sending,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{receiving.recv()}"
    process.terminate()
    process.join()


if __name__ == "__main__":
    main()
