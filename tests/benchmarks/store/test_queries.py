import json
from typing import Any

import pytest

from benchmarks.corpus import bodies
from benchmarks.store.queries import queries
from benchmarks.store.query_kinds import Query

_LINES = b"".join(bodies(4000)).splitlines()
_QUERIES = {query.name[:2]: query for query in queries(_LINES)}


def _rows(query: Query[Any]) -> list[dict[str, Any]]:
    """What the aggregator answers: latest first, with fields of its own."""
    found = [json.loads(line) for line in query.naive(_LINES)[-100:]]
    return [{"_id": "1", "observed": "2026-11-23T10:00:00Z", "source": "http", **row} for row in found][::-1]


def _answer(rows: list[dict[str, Any]], *, partial: bool = False) -> bytes:
    return json.dumps({"rows": rows, "cursor": None, "partial": partial}).encode()


def _problem(name: str, answer: bytes) -> str:
    query = _QUERIES[name]
    return query.problem(answer, query.naive(_LINES))


@pytest.mark.parametrize("name", ["Q1", "Q2", "Q3", "Q4", "Q5", "Q7"])
def test_the_right_rows_are_no_problem(name: str) -> None:
    rows = _rows(_QUERIES[name])
    assert (len(rows) > 0) == (name != "Q7")
    assert _problem(name, _answer(rows)) == ""


@pytest.mark.parametrize("name", ["Q1", "Q2", "Q3", "Q4", "Q5"])
def test_a_missing_row_a_changed_field_and_another_order_are_problems(name: str) -> None:
    rows = _rows(_QUERIES[name])
    assert "rows, not" in _problem(name, _answer(rows[:-1]))
    assert _problem(name, _answer(rows[::-1])) == "not the latest rows, newest first"
    assert (
        _problem(name, _answer([{**rows[0], "host": "elsewhere"}, *rows[1:]]))
        == "a row is not as it was sent"
    )


def test_a_row_for_an_absent_word_is_a_problem() -> None:
    assert _problem("Q7", _answer(_rows(_QUERIES["Q1"])[:1])) == "1 rows, not 0"


def test_the_same_row_twice_is_a_problem() -> None:
    rows = _rows(_QUERIES["Q1"])
    twice = {**rows[1], "timestamp": rows[0]["timestamp"]}
    assert _problem("Q1", _answer([rows[0], twice, *rows[2:]])) != ""


def test_a_partial_answer_is_refused() -> None:
    with pytest.raises(TimeoutError, match="partial"):
        _problem("Q1", _answer([], partial=True))


def test_a_wrong_count_is_a_problem() -> None:
    count = sum(b"unavailable" in line for line in _LINES)
    assert count
    assert _problem("Q8", json.dumps({"rows": count}).encode()) == ""
    assert _problem("Q8", json.dumps({"rows": count - 1}).encode()) == f"{count - 1} rows, not {count}"


def test_a_histogram_must_have_every_count() -> None:
    buckets = [
        {"time": f"{minute}:00Z", "service": service, "level": level, "rows": rows}
        for (minute, service, level), rows in _QUERIES["Q6"].naive(_LINES).items()
    ]
    assert sum(bucket["rows"] for bucket in buckets) == len(_LINES)
    assert _problem("Q6", json.dumps({"buckets": buckets}).encode()) == ""
    assert _problem("Q6", json.dumps({"buckets": buckets[1:]}).encode()) != ""


def test_a_percentile_must_lie_beside_its_rank_and_no_service_may_lack() -> None:
    exact = _QUERIES["Q9"].naive(_LINES)
    groups = [{"by": {"service": name}, "p95": (low + high) / 2} for (name,), (low, high) in exact.items()]
    assert _problem("Q9", json.dumps({"groups": groups}).encode()) == ""
    assert "services" in _problem("Q9", json.dumps({"groups": groups[1:]}).encode())
    for factor in (0.5, 2):
        wrong = [{**groups[0], "p95": groups[0]["p95"] * factor}, *groups[1:]]
        assert ", not " in _problem("Q9", json.dumps({"groups": wrong}).encode())
