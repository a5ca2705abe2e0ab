from pathlib import Path

from benchmarks.intake.protocols import PROTOCOLS, REFERENCE
from tests.benchmarks.benchmark_run import refusal, run


def test_a_run_sends_the_lines_by_each_protocol_and_finds_all_of_them(tmp_path: Path) -> None:
    figures = run(tmp_path, "intake", "200", "--only", "rates").figures("rates")
    assert len(figures) == 2 * len(PROTOCOLS)
    for name in PROTOCOLS:
        figure = figures[f"{name}, found" + ("" if name == REFERENCE else f", ÷ {REFERENCE}")]
        assert figure["measured"] > 0, figure


def test_a_protocol_that_does_not_exist_is_refused() -> None:
    assert "'Morse' is none of JSON lines; JSON array" in refusal("intake", "--protocols", "Morse")


def test_a_run_sends_the_lines_by_sockets_and_counts_all_of_them(tmp_path: Path) -> None:
    figures = run(tmp_path, "intake", "200", "--only", "sockets").report["groups"]["sockets"]
    assert len(figures) == 4
    assert all(figure["measured"] > 0 for figure in figures)
    assert "all counted: True" in figures[-1]["note"]
