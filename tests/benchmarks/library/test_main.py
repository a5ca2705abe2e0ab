import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def test_a_run_writes_table_and_json(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.library", "100", "--only", "caller", "--json", str(file)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    report = json.loads(file.read_text())
    figures = {figure["name"]: figure for figure in report["groups"]["caller"]}
    for name in (
        "a call, p50",
        "disabled level",
        "CPU a line ÷ standard library's text in a file",
        "structlog, orjson ÷ this library, p50",
    ):
        assert figures[name]["measured"] > 0
        assert name in run.stdout
