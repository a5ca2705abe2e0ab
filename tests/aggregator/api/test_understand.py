"""`POST /api/v1/explain` and `/api/v1/complete` of a running aggregator."""

import json
from typing import Any

import pytest

from tests.aggregator.running_aggregator import Aggregator, Answer


@pytest.fixture(scope="module", autouse=True)
def records(aggregator: Aggregator) -> None:
    aggregator.send(
        {"message": "one", "level": "error", "service": "data-api", "room": "living room"},
        {"message": "two", "level": "info", "service": "data-api", "room": "kitchen"},
        {"message": "three", "level": "info", "service": "weather-api", "room": "kitchen"},
    )
    aggregator.wait_for("", 3)


def ask(aggregator: Aggregator, path: str, **fields: object) -> Answer:
    return aggregator.request("POST", f"/api/v1/{path}", json.dumps(fields).encode(), scope="read")


def texts(aggregator: Aggregator, query: str, **fields: object) -> list[str]:
    answer = ask(aggregator, "complete", query=query, **fields)
    assert answer.status == 200, answer.body
    return [suggestion["text"] for suggestion in answer.json["suggestions"]]


def test_a_search_is_explained_in_words_and_by_what_it_reads(aggregator: Aggregator) -> None:
    answer = ask(aggregator, "explain", query="level:error one").json
    assert [term["column"] for term in answer["terms"]] == [7, 13]
    assert "ERROR" in answer["finds"]
    scan: dict[str, Any] = answer["scan"]
    assert scan["parts"] == {"opened": 1, "no_match": 0, "out_of_time": 0}
    assert scan["rows"] == 3
    assert [part["kind"] for part in scan["opened"]] == ["memory"]


def test_nothing_is_read_outside_of_the_times(aggregator: Aggregator) -> None:
    scan = ask(aggregator, "explain", query="", end="2020-01-01").json["scan"]
    assert scan["parts"] == {"opened": 0, "no_match": 0, "out_of_time": 1}
    assert (scan["rows"], scan["opened"]) == (0, [])


def test_names_of_fields_are_offered(aggregator: Aggregator) -> None:
    answer = ask(aggregator, "complete", query="one ser").json
    assert (answer["start"], answer["end"]) == (4, 7)
    assert answer["suggestions"][0] == {"kind": "field", "label": "service", "text": "service:", "count": 3}


def test_values_are_offered_the_most_frequent_first_and_quoted(aggregator: Aggregator) -> None:
    assert texts(aggregator, "service:")[:2] == ["data-api", "weather-api"]
    assert texts(aggregator, "room:")[:2] == ["kitchen", '"living room"']
    assert texts(aggregator, "app:wea") == ["weather-api"]


def test_times_are_offered_for_every_name_of_the_timestamp(aggregator: Aggregator) -> None:
    assert texts(aggregator, "ts:") == texts(aggregator, "timestamp:")


def test_the_caret_may_stand_inside_the_search(aggregator: Aggregator) -> None:
    answer = ask(aggregator, "complete", query="service:we one", position=10).json
    assert (answer["start"], answer["end"]) == (8, 10)
    assert [suggestion["text"] for suggestion in answer["suggestions"]] == ["weather-api"]


def test_values_come_from_the_lines_of_the_range(aggregator: Aggregator) -> None:
    assert "data-api" not in texts(aggregator, "service:", end="2020-01-01")


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("complete", {"query": "a", "position": 2}, "position"),
        ("complete", {"query": 1}, "query"),
        ("complete", {"query": "a", "limit": 3}, "limit"),
        ("explain", {"query": "a", "start": "soon"}, "start"),
        ("explain", {"query": "a", "start": "2026-11-24", "end": "2026-11-23"}, "start"),
        ("complete", {"query": "a", "start": "2026-11-24", "end": "2026-11-23"}, "start"),
    ],
)
def test_a_wrong_field_is_named(
    aggregator: Aggregator, path: str, fields: dict[str, object], field: str
) -> None:
    answer = ask(aggregator, path, **fields)
    assert answer.status == 400
    assert answer.error["field"] == field


def test_a_search_that_can_not_be_parsed_is_not_explained(aggregator: Aggregator) -> None:
    answer = ask(aggregator, "explain", query="level:")
    assert (answer.status, answer.error["code"]) == (400, "query_syntax")


@pytest.mark.parametrize("path", ["explain", "complete"])
def test_a_token_that_may_read_is_needed(aggregator: Aggregator, path: str) -> None:
    assert aggregator.request("POST", f"/api/v1/{path}", b"{}", scope="ingest").status == 403
