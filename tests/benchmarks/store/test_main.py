from pathlib import Path

from tests.benchmarks.benchmark_run import refusal, run


def test_a_run_checks_each_answer_and_writes_table_and_json(tmp_path: Path) -> None:
    made = run(tmp_path, "store", "3000", "--only", "queries", "--settle", "0.5")
    figures = {name[:2]: figure for name, figure in made.figures("queries").items()}
    assert made.report["rows"] == 3000
    assert set(figures) == {f"Q{number}" for number in range(1, 10)}
    for name in ("Q1", "Q2", "Q3", "Q4", "Q5", "Q7"):
        assert figures[name]["measured"] > 0, figures[name]
        assert figures[name]["name"] in made.table


def test_a_group_that_does_not_exist_is_refused() -> None:
    assert "'speed' is none of intake, freshness" in refusal("store", "--only", "speed")
