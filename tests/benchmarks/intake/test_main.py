import json
import subprocess
import sys
from pathlib import Path

from benchmarks.intake.protocols import PROTOCOLS, REFERENCE

_ROOT = Path(__file__).parents[3]


def test_a_run_sends_the_lines_by_each_protocol_and_finds_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    subprocess.run(
        [sys.executable, "-m", "benchmarks.intake", "200", "--only", "rates", "--json", str(file)],
        cwd=_ROOT,
        capture_output=True,
        check=True,
        timeout=100,
    )
    figures = {figure["name"]: figure for figure in json.loads(file.read_text())["groups"]["rates"]}
    assert len(figures) == 2 * len(PROTOCOLS)
    for name in PROTOCOLS:
        figure = figures[f"{name}, found" + ("" if name == REFERENCE else f", ÷ {REFERENCE}")]
        assert figure["measured"] > 0, figure


def test_a_protocol_that_does_not_exist_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.intake", "--protocols", "Morse"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 2
    assert "'Morse' is none of JSON lines; JSON array" in run.stderr


def test_a_run_sends_the_lines_by_sockets_and_counts_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    subprocess.run(
        [sys.executable, "-m", "benchmarks.intake", "200", "--only", "sockets", "--json", str(file)],
        cwd=_ROOT,
        capture_output=True,
        check=True,
        timeout=100,
    )
    figures = json.loads(file.read_text())["groups"]["sockets"]
    assert len(figures) == 4
    assert all(figure["measured"] > 0 for figure in figures)
    assert "all counted: True" in figures[-1]["note"]
