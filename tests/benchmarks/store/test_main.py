import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def test_a_run_checks_each_answer_and_writes_table_and_json(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.store", "3000", "--only", "queries"]
    run = subprocess.run(
        [*command, "--settle", "0.5", "--json", str(file)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    report = json.loads(file.read_text())
    figures = {figure["name"][:2]: figure for figure in report["groups"]["queries"]}
    assert report["rows"] == 3000
    assert set(figures) == {f"Q{number}" for number in range(1, 10)}
    for name in ("Q1", "Q2", "Q3", "Q4", "Q5", "Q7"):
        assert figures[name]["measured"] > 0, figures[name]
        assert figures[name]["name"] in run.stdout


def test_a_group_that_does_not_exist_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.store", "--only", "speed"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 2
    assert "'speed' is none of intake, freshness" in run.stderr
