"""What all benchmarks' commands share: groups of figures run one after the other, a table, and JSON."""

import argparse
import http.client
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.store.figures import HEADING, Figure, table_row

type Group = Callable[[], Iterator[Figure]]


def parser(program: str, description: str | None, names: list[str]) -> argparse.ArgumentParser:
    """Return a parser with the options that all have.

    Args:
        program: how the command is called.
        description: of the command.
        names: of its groups, in the order in which they run.
    """
    made = argparse.ArgumentParser(
        prog=program, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def known(text: str) -> list[str]:
        asked = text.split(",")
        for name in asked:
            if name not in names:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(names)}")
        return asked

    made.add_argument("--only", type=known, default=names, help=f"of {', '.join(names)}")
    made.add_argument("--json", type=Path, metavar="FILE", help="where to write the JSON")
    return made


def positive(text: str) -> int:
    """Read a whole number above 0; underscores may part its digits."""
    number = int(text.replace("_", ""))
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return number


def run(groups: Mapping[str, Group], only: list[str], facts: Mapping[str, object], file: Path | None) -> None:
    """Run groups, print each figure as it comes, and write all as JSON.

    Args:
        groups: all by name.
        only: those to run.
        facts: what the run was asked for.
        file: where the JSON goes; None prints it.
    """
    results = {name: _run(name, groups[name]) for name in only}
    report = {
        **facts,
        "python": platform.python_version(),
        "machine": {"cores": os.cpu_count(), "kind": platform.machine()},
        "groups": {name: [figure.as_json() for figure in figures] for name, figures in results.items()},
    }
    if file is None:
        print(json.dumps(report, ensure_ascii=False))
    else:
        file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")


def _run(name: str, group: Group) -> list[Figure]:
    started = time.perf_counter()
    print(f"\n{name}\n{HEADING}")
    figures = []
    try:
        for figure in group():
            print(table_row(figure), flush=True)
            figures.append(figure)
    except (RuntimeError, OSError, http.client.HTTPException) as error:
        failure = Figure(name=f"{name} stopped", unit="", measured=None, note=f"{error!r}")
        print(table_row(failure), flush=True)
        figures.append(failure)
    print(f"{name} took {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return figures
