"""Measures the library, and prints a table of figures, goals and verdicts, and JSON.

    python -m benchmarks.library [LINES] [--only NAME,…] [--json FILE]

Groups run one after the other. Only ratios of one run compare.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.library import caller
from benchmarks.store.figures import HEADING, Figure, table_row

type Group = Callable[[int], Iterator[Figure]]

_GROUPS: dict[str, Group] = {
    "caller": caller.measure,
}


def main() -> None:
    """Run the groups that are asked for."""
    arguments = _arguments()
    results = {name: _run(name, arguments.lines) for name in arguments.only}
    report = {
        "lines": arguments.lines,
        "python": platform.python_version(),
        "machine": {"cores": os.cpu_count(), "kind": platform.machine()},
        "groups": {name: [figure.as_json() for figure in figures] for name, figures in results.items()},
    }
    if arguments.json is None:
        print(json.dumps(report, ensure_ascii=False))
    else:
        arguments.json.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")


def _run(name: str, lines: int) -> list[Figure]:
    started = time.perf_counter()
    print(f"\n{name}\n{HEADING}")
    figures = []
    for figure in _GROUPS[name](lines):
        print(table_row(figure), flush=True)
        figures.append(figure)
    print(f"{name} took {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.library",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("lines", nargs="?", type=_positive, default=20_000, help="log lines of each program")
    parser.add_argument("--only", type=_groups, default=list(_GROUPS), help=f"of {', '.join(_GROUPS)}")
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
