"""`POST /api/v1/search` of a running aggregator."""

import base64
import json

import pytest

from tests.aggregator.running_aggregator import Aggregator


@pytest.fixture(scope="module", autouse=True)
def records(aggregator: Aggregator) -> None:
    aggregator.send(
        *(
            {
                "timestamp": f"2026-01-01T00:00:{number:02}Z",
                "message": f"line {number}",
                "level": "error" if number % 2 else "info",
                "service": "s",
                "n": number,
            }
            for number in range(20)
        )
    )
    aggregator.wait_for("", 20)


def test_newest_first_by_default(aggregator: Aggregator) -> None:
    answer = aggregator.search().json
    assert [row["n"] for row in answer["rows"]] == list(range(19, -1, -1))
    assert (answer["cursor"], answer["partial"]) == (None, False)
    assert answer["duration_ms"] > 0


def test_a_row_is_flat_with_its_number_and_times(aggregator: Aggregator) -> None:
    (row,) = aggregator.search(query="n:3").json["rows"]
    assert row.pop("observed").endswith("Z")
    assert row == {
        "_id": "4",
        "timestamp": "2026-01-01T00:00:03Z",
        "level": "ERROR",
        "service": "s",
        "message": "line 3",
        "source": "http",
        "n": 3,
    }


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_cursors_lead_through_all_pages(aggregator: Aggregator, order: str) -> None:
    found: list[int] = []
    cursor = None
    while True:
        answer = aggregator.search(order=order, limit=6, cursor=cursor, query="line").json
        found += [row["n"] for row in answer["rows"]]
        cursor = answer["cursor"]
        if cursor is None:
            break
    assert found == sorted(range(20), reverse=order == "desc")


def test_query_and_times_narrow(aggregator: Aggregator) -> None:
    answer = aggregator.search(
        query="level:error", start="2026-01-01T00:00:03Z", end="2026-01-01T02:00:07+02:00", order="asc"
    )
    assert [row["n"] for row in answer.json["rows"]] == [3, 5]
    assert aggregator.search(start="now-15m").json["rows"] == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 5001}, "limit"),
        ({"limit": "5"}, "limit"),
        ({"limit": True}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"order": "up"}, "order"),
        ({"order": 1}, "order"),
        ({"query": 5}, "query"),
        ({"start": "yesterdayish"}, "start"),
        ({"start": "0001-01-01T00:00:00Z"}, "start"),
        ({"end": "9999-12-31T23:59:59Z"}, "end"),
        ({"end": 5}, "end"),
        ({"cursor": "?"}, "cursor"),
        ({"cursor": "é"}, "cursor"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"cursor": 5}, "cursor"),
        ({"querry": ""}, "querry"),
    ],
)
def test_a_wrong_field_is_named(aggregator: Aggregator, fields: dict[str, object], field: str) -> None:
    answer = aggregator.search(**fields)
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "invalid_field", field)


@pytest.mark.parametrize(
    ("query", "column"), [("level:", 7), ("(a", 3), ("a )", 3), ("error [", 7), ('"open', 6)]
)
def test_a_syntax_error_names_its_column(aggregator: Aggregator, query: str, column: int) -> None:
    answer = aggregator.search(query=query)
    assert (answer.status, answer.error["code"]) == (400, "query_syntax")
    assert answer.error["column"] == column
    assert str(answer.error["message"]).startswith(f"column {column}: ")
    assert isinstance(answer.error["expected"], list)


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"[]", b"null", b'"x"', b"\xff", b'{"query":"\\ud800"}', b'{"a":1']
)
def test_a_body_that_is_no_json_object_is_refused(aggregator: Aggregator, body: bytes) -> None:
    answer = aggregator.request("POST", "/api/v1/search", body, scope="read")
    assert (answer.status, answer.error["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("position", [b"5.-1", b"5." + b"9" * 30, b"9" * 30 + b".5", b"-5." + b"9" * 3000])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_cursor_that_somebody_made_up_breaks_nothing(
    aggregator: Aggregator, position: bytes, order: str
) -> None:
    given = base64.urlsafe_b64decode(aggregator.search(order=order, limit=1).json["cursor"])
    made_up = position + given[given.rindex(b".") :]
    answer = aggregator.search(cursor=base64.urlsafe_b64encode(made_up).decode(), order=order)
    assert answer.status == 200 or answer.error["field"] == "cursor"


@pytest.mark.parametrize("name", ["cursor", "back"])
def test_a_cursor_of_another_search_is_refused(aggregator: Aggregator, name: str) -> None:
    cursor = aggregator.search(query="line", limit=1).json[name]
    for other in ({"query": "line", "order": "asc"}, {"query": "lines"}, {}):
        answer = aggregator.search(cursor=cursor, **other)
        assert (answer.status, answer.error["field"]) == (400, "cursor")
        assert "another query or order" in str(answer.error["message"])
    assert aggregator.search(cursor=cursor, query="line", limit=7).status == 200


def test_a_cursor_goes_on_in_another_range(aggregator: Aggregator) -> None:
    first = aggregator.search(limit=6).json
    answer = aggregator.search(cursor=first["cursor"], start="2026-01-01T00:00:10Z").json
    assert [row["n"] for row in answer["rows"]] == [13, 12, 11, 10]


def test_a_start_after_the_end_is_refused(aggregator: Aggregator) -> None:
    answer = aggregator.search(start="2026-01-01T00:00:07Z", end="2026-01-01T00:00:03.5Z")
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "invalid_field", "start")
    assert answer.error["message"] == "start: 2026-01-01T00:00:07Z is after end, 2026-01-01T00:00:03.500Z"
    assert aggregator.search(start="2026-01-01T00:00:07Z", end="2026-01-01T00:00:07Z").json["rows"] == []


def test_a_relative_start_that_passes_the_end_finds_nothing(aggregator: Aggregator) -> None:
    assert aggregator.search(start="now-15m", end="2026-01-01T00:00:07Z").json["rows"] == []
    assert aggregator.search(start="now-15m", end="now-1h").error["field"] == "start"


def test_a_body_over_its_limit_is_refused(aggregator: Aggregator) -> None:
    answer = aggregator.request(
        "POST", "/api/v1/search", json.dumps({"query": "x" * 70_000}).encode(), scope="read"
    )
    assert (answer.status, answer.error["code"], answer.error["limit_bytes"]) == (413, "too_large", 65_536)


def test_statistics_tell_what_came(aggregator: Aggregator) -> None:
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["store"]["rows"] == 20
    assert (stats["store"]["oldest"], stats["store"]["newest"]) == (
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:19Z",
    )
    service = stats["services"]["s"]
    assert (service["errors_last_hour"], service["error_percent"], service["events_per_s"]) == (
        10,
        50.0,
        None,
    )
    assert stats["totals"]["errors_last_hour"] == 10
    assert stats["aggregator"]["memory_bytes"] > 0


def test_settings_are_changed_by_admin_and_kept(aggregator: Aggregator) -> None:
    def change(body: bytes) -> tuple[int, object]:
        answer = aggregator.request("PATCH", "/api/v1/settings", body, scope="admin")
        return answer.status, answer.json

    def settings() -> object:
        return aggregator.request("GET", "/api/v1/settings", scope="read").json

    defaults: dict[str, object] = {
        "retention_days": 30,
        "retention_size_mb": None,
        "retention_rules": [],
        "retention_action": "delete",
        "archive_folder": None,
        "search_archive": False,
    }
    assert settings() == defaults
    assert change(b'{"retention_days": 3650}') == (200, defaults | {"retention_days": 3650})
    status, refused = change(b'{"retention_days": 0}')
    assert status == 400
    assert isinstance(refused, dict)
    assert refused["error"]["field"] == "retention_days"
    assert settings() == defaults | {"retention_days": 3650}
