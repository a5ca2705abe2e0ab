"""Measures the store, and prints a table of figures, goals and verdicts, and JSON.

    python -m benchmarks.store [ROWS] [--only NAME,…] [--victoria-logs URL] [--json FILE]

Groups run one after the other, each on an aggregator of its own. A VictoriaLogs is filled by the run,
so it must be empty; the figures that it has are then goals in place of those of the reference machine.
"""

import argparse
import http.client
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.store import contention, freshness, intake, memory, month, query_suite, scale
from benchmarks.store.figures import HEADING, Figure, table_row
from benchmarks.store.options import Options

type Group = Callable[[Options], Iterator[Figure]]

_GROUPS: dict[str, Group] = {
    "intake": intake.measure,
    "freshness": freshness.measure,
    "queries": query_suite.measure,
    "contention": contention.measure,
    "memory": memory.measure,
    "scale": scale.measure,
    "month": month.measure,
}


def main() -> None:
    """Run the groups that are asked for."""
    arguments = _arguments()
    options = Options(
        rows=arguments.rows,
        scale=arguments.scale,
        rows_a_day=arguments.rows_a_day // (10 if arguments.fast else 1),
        settle_s=arguments.settle,
        victoria_logs=arguments.victoria_logs,
    )
    results: dict[str, list[Figure]] = {}
    for name in arguments.only:
        results[name] = _run(name, options)
    report = {
        "rows": options.rows,
        "scale": options.scale,
        "rows_a_day": options.rows_a_day,
        "python": platform.python_version(),
        "machine": {"cores": os.cpu_count(), "kind": platform.machine()},
        "groups": {name: [figure.as_json() for figure in figures] for name, figures in results.items()},
    }
    if arguments.json is None:
        print(json.dumps(report, ensure_ascii=False))
    else:
        arguments.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")


def _run(name: str, options: Options) -> list[Figure]:
    started = time.perf_counter()
    print(f"\n{name}\n{HEADING}")
    figures = []
    try:
        for figure in _GROUPS[name](options):
            print(table_row(figure), flush=True)
            figures.append(figure)
    except (RuntimeError, OSError, http.client.HTTPException) as error:
        failure = Figure(name=f"{name} stopped", unit="", measured=None, note=f"{error!r}")
        print(table_row(failure), flush=True)
        figures.append(failure)
    print(f"{name} took {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.store",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="?", type=_positive, default=3_000_000, help="rows of the corpus")
    parser.add_argument("--only", type=_groups, default=list(_GROUPS), help=f"of {', '.join(_GROUPS)}")
    parser.add_argument("--scale", type=_positive, default=10, help="times ROWS of the large store")
    parser.add_argument("--rows-a-day", type=_positive, default=1_000_000, help="of the month")
    parser.add_argument("--fast", action="store_true", help="a tenth of the month's rows")
    parser.add_argument("--settle", type=float, default=5.0, help="seconds of idling that count as quiet")
    parser.add_argument("--victoria-logs", metavar="URL", help="a VictoriaLogs to measure beside")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the JSON")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text.replace("_", ""))
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return number


def _groups(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in _GROUPS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(_GROUPS)}")
    return names


if __name__ == "__main__":
    main()
