"""Benchmarks run as people run them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

_ROOT = Path(__file__).parents[2]


class Run(NamedTuple):
    """What a run wrote.

    Args:
        report: its JSON.
        table: what it printed.
    """

    report: dict[str, Any]
    table: str

    def figures(self, group: str) -> dict[str, dict[str, Any]]:
        """The figures of a group by their names."""
        return {figure["name"]: figure for figure in self.report["groups"][group]}


def run(folder: Path, benchmark: str, *arguments: str) -> Run:
    """Run a benchmark that succeeds."""
    file = folder / "figures.json"
    ended = _run(benchmark, *arguments, "--json", str(file))
    assert ended.returncode == 0, ended.stderr
    return Run(json.loads(file.read_text()), ended.stdout)


def refusal(benchmark: str, *arguments: str) -> str:
    """Return what a benchmark says that refuses its arguments."""
    ended = _run(benchmark, *arguments)
    assert ended.returncode == 2, ended.stderr
    return ended.stderr


def _run(benchmark: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{benchmark}", *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
