from pathlib import Path

from tests.benchmarks.benchmark_run import run


def test_a_run_writes_table_and_json(tmp_path: Path) -> None:
    made = run(tmp_path, "library", "100", "--only", "caller")
    figures = made.figures("caller")
    for name in (
        "a call, p50",
        "disabled level",
        "CPU a line ÷ standard library's text in a file",
        "structlog, orjson ÷ this library, p50",
    ):
        assert figures[name]["measured"] > 0
        assert name in made.table
