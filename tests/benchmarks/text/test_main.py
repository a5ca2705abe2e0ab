import json
import subprocess
import sys
from pathlib import Path

from benchmarks.text import corpus

_ROOT = Path(__file__).parents[3]


def test_a_run_writes_table_and_json(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.text", "500", "--json", str(file)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    report = json.loads(file.read_text())
    formats = {figure["name"]: figure for figure in report["groups"]["formats"]}
    for name in [*corpus.FORMATS, "a home's formats, mixed"]:
        assert formats[f"{name}, understood"]["measured"] > 0
    intake = {figure["name"]: figure for figure in report["groups"]["intake"]}
    assert intake["Home Assistant Core ÷ NDJSON, rows/s"]["measured"] > 0
    assert "NDJSON, decoded and loaded" in run.stdout
