from pathlib import Path

from benchmarks.text import corpus
from tests.benchmarks.benchmark_run import run


def test_a_run_writes_table_and_json(tmp_path: Path) -> None:
    made = run(tmp_path, "text", "500")
    formats = made.figures("formats")
    for name in [*corpus.FORMATS, "a home's formats, mixed"]:
        assert formats[f"{name}, understood"]["measured"] > 0
    assert made.figures("intake")["Home Assistant Core ÷ NDJSON, rows/s"]["measured"] > 0
    assert "NDJSON, decoded and loaded" in made.table
