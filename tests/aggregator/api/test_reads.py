"""The routes of reads, of a running aggregator."""

import base64
import csv
import io
import json
from collections import Counter
from typing import Any

import duckdb
import pytest

from tests.aggregator.running_aggregator import Aggregator, Answer

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module", autouse=True)
def records(aggregator: Aggregator) -> None:
    aggregator.send(
        *(
            {
                "timestamp": f"2026-01-01T00:{number:02}:30Z",
                "message": f"line {number}",
                "level": "error" if number % 2 else "info",
                "service": "ab"[number % 2],
                "duration_ms": number,
                "trace_id": TRACE_ID if number < 5 else None,
            }
            for number in range(20)
        )
    )
    aggregator.wait_for("", 20)


def ask(aggregator: Aggregator, route: str, **fields: object) -> Answer:
    return aggregator.request("POST", f"/api/v1/{route}", json.dumps(fields).encode(), scope="read")


def answered(aggregator: Aggregator, route: str, **fields: object) -> Any:
    answer = ask(aggregator, route, **fields)
    assert answer.status == 200, answer.body
    assert answer.json.pop("partial") is False
    return answer.json


def shown(rows: list[dict[str, Any]]) -> list[int]:
    return [row["duration_ms"] for row in rows]


def test_a_cursor_leads_back(aggregator: Aggregator) -> None:
    first = answered(aggregator, "search", limit=6)
    second = answered(aggregator, "search", limit=6, cursor=first["cursor"])
    back = answered(aggregator, "search", limit=4, cursor=second["back"])
    assert shown(second["rows"]) == [13, 12, 11, 10, 9, 8]
    assert shown(back["rows"]) == [17, 16, 15, 14]
    assert shown(answered(aggregator, "search", limit=6, cursor=back["cursor"])["rows"]) == shown(
        second["rows"]
    )
    newer = answered(aggregator, "search", cursor=first["back"])
    assert (newer["rows"], newer["cursor"], newer["back"]) == ([], None, first["back"])


def test_an_empty_first_page_leads_nowhere(aggregator: Aggregator) -> None:
    page = answered(aggregator, "search", query="absent")
    assert (page["cursor"], page["back"]) == (None, None)


def test_context(aggregator: Aggregator) -> None:
    (row,) = aggregator.search(query="duration_ms:9").json["rows"]
    context = answered(aggregator, "context", _id=row["_id"], lines=2)
    assert shown(context["before"]) == [5, 7]
    assert context["row"] == row
    assert shown(context["after"]) == [11, 13]


def test_a_line_that_is_not_there(aggregator: Aggregator) -> None:
    answer = ask(aggregator, "context", _id="9999")
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert "9999" in str(answer.error["message"])


def test_trace(aggregator: Aggregator) -> None:
    page = answered(aggregator, "trace", id=TRACE_ID.upper(), limit=3)
    assert shown(page["rows"]) == [0, 1, 2]
    assert shown(answered(aggregator, "trace", id=TRACE_ID.upper(), cursor=page["cursor"])["rows"]) == [3, 4]


def test_count(aggregator: Aggregator) -> None:
    counted = answered(aggregator, "count", query="level:error", start="2026-01-01T00:10:00Z")
    assert counted["rows"] == 5
    assert counted["duration_ms"] > 0


def test_histogram(aggregator: Aggregator) -> None:
    histogram = answered(aggregator, "histogram", step_s=600)
    assert histogram["step_s"] == 600
    assert histogram["buckets"] == [
        {"time": "2026-01-01T00:00:00Z", "level": "ERROR", "rows": 5},
        {"time": "2026-01-01T00:00:00Z", "level": "INFO", "rows": 5},
        {"time": "2026-01-01T00:10:00Z", "level": "ERROR", "rows": 5},
        {"time": "2026-01-01T00:10:00Z", "level": "INFO", "rows": 5},
    ]
    by_service = answered(aggregator, "histogram", buckets=2, by_service=True, end="2026-01-01T00:10:00Z")
    assert by_service["step_s"] == 300
    assert {bucket["service"] for bucket in by_service["buckets"]} == {"a", "b"}


def test_facets(aggregator: Aggregator) -> None:
    facets = answered(aggregator, "facets", fields=["level", "duration_ms"], limit=2, query="-duration_ms:0")
    assert facets["facets"] == {
        "level": {
            "values": [{"value": "ERROR", "rows": 10}, {"value": "INFO", "rows": 9}],
            "distinct": 2,
            "rows": 19,
        },
        "duration_ms": {
            "values": [{"value": "1", "rows": 1}, {"value": "10", "rows": 1}],
            "distinct": 19,
            "rows": 19,
        },
    }


@pytest.mark.parametrize("field", ["timestamp", "ts"])
def test_facets_of_times(aggregator: Aggregator, field: str) -> None:
    facet = answered(aggregator, "facets", fields=[field], limit=1, start="2026-01-01T00:19:00Z")["facets"][
        field
    ]
    assert facet["values"] == [{"value": "2026-01-01T00:19:30Z", "rows": 1}]


def test_a_cursor_of_another_trace_is_refused(aggregator: Aggregator) -> None:
    cursor = answered(aggregator, "trace", id=TRACE_ID, limit=3)["cursor"]
    for route, fields in (("trace", {"id": "other"}), ("search", {"order": "asc", "query": TRACE_ID})):
        answer = ask(aggregator, route, cursor=cursor, **fields)
        assert (answer.status, answer.error["field"]) == (400, "cursor")


def test_fields(aggregator: Aggregator) -> None:
    fields = {field["field"]: field for field in answered(aggregator, "fields")["fields"]}
    assert fields["duration_ms"] == {"field": "duration_ms", "rows": 20, "parts": 1, "kinds": {"number": 20}}
    assert fields["trace_id"]["rows"] == 5


def test_aggregate(aggregator: Aggregator) -> None:
    answer = answered(
        aggregator, "aggregate", field="duration_ms", functions=["count", "p50", "max"], by=["service"]
    )
    assert answer["groups"] == [
        {"by": {"service": "a"}, "count": 10, "p50": 9.0, "max": 18.0},
        {"by": {"service": "b"}, "count": 10, "p50": 10.0, "max": 19.0},
    ]
    rates = answered(aggregator, "aggregate", functions=["rate"], step_s=600)
    assert rates["groups"] == [
        {"time": "2026-01-01T00:00:00Z", "rate": pytest.approx(10 / 600)},
        {"time": "2026-01-01T00:10:00Z", "rate": pytest.approx(10 / 600)},
    ]


class TestExport:
    def test_ndjson_is_the_default(self, aggregator: Aggregator) -> None:
        answer = ask(aggregator, "export", query="level:error")
        assert answer.headers["Content-Type"] == "application/x-ndjson"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="logs.ndjson"'
        found = aggregator.search(query="level:error", order="asc").json["rows"]
        assert [json.loads(line) for line in answer.body.splitlines()] == found

    def test_csv(self, aggregator: Aggregator) -> None:
        answer = ask(aggregator, "export", format="csv")
        rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
        assert [row["duration_ms"] for row in rows] == [str(number) for number in range(20)]

    def test_parquet(self, aggregator: Aggregator, tmp_path: Any) -> None:
        path = tmp_path / "logs.parquet"
        path.write_bytes(ask(aggregator, "export", format="parquet").body)
        with duckdb.connect() as connection:
            rows = connection.read_parquet(str(path)).project("message").fetchall()
        assert rows == [(f"line {number}",) for number in range(20)]
        assert not list(aggregator.data.glob("store/exports/*"))


@pytest.mark.parametrize(
    ("route", "fields", "field"),
    [
        ("context", {}, "_id"),
        ("context", {"_id": "x"}, "_id"),
        ("context", {"_id": "-1"}, "_id"),
        ("context", {"_id": "9" * 40}, "_id"),
        ("context", {"_id": 5}, "_id"),
        ("context", {"_id": "5", "lines": 501}, "lines"),
        ("trace", {}, "id"),
        ("trace", {"id": "x", "limit": 0}, "limit"),
        ("trace", {"id": "x", "query": ""}, "query"),
        ("count", {"limit": 1}, "limit"),
        ("count", {"start": "soon"}, "start"),
        ("histogram", {"step_s": 0}, "step_s"),
        ("histogram", {"step_s": 0.5}, "step_s"),
        ("histogram", {"step_s": 1, "start": "2020-01-01"}, "step_s"),
        ("histogram", {"buckets": 2000}, "buckets"),
        ("histogram", {"by_service": 1}, "by_service"),
        ("facets", {}, "fields"),
        ("facets", {"fields": []}, "fields"),
        ("facets", {"fields": "level"}, "fields"),
        ("facets", {"fields": ["level", "level"]}, "fields"),
        ("facets", {"fields": [""]}, "fields"),
        ("facets", {"fields": [5]}, "fields"),
        ("facets", {"fields": ["x" * 1025]}, "fields"),
        ("facets", {"fields": [f"f{number}" for number in range(17)]}, "fields"),
        ("facets", {"fields": ["a"], "limit": 1001}, "limit"),
        ("aggregate", {"functions": []}, "functions"),
        ("aggregate", {"functions": ["median"]}, "functions"),
        ("aggregate", {"functions": "count"}, "functions"),
        ("aggregate", {"functions": [["count"]]}, "functions"),
        ("aggregate", {"functions": ["p95"]}, "field"),
        ("aggregate", {"field": "timestamp", "functions": ["max"]}, "field"),
        ("aggregate", {"by": ["observed"]}, "by"),
        ("aggregate", {"by": ["@timestamp"]}, "by"),
        *(
            (route, {"start": "now", "end": "now-1h"}, "start")
            for route in ("count", "histogram", "fields", "export")
        ),
        ("aggregate", {"by": ["a", "b", "c", "d", "e"]}, "by"),
        ("export", {"format": "xlsx"}, "format"),
        ("export", {"limit": 5}, "limit"),
    ],
)
def test_a_wrong_field_is_named(
    aggregator: Aggregator, route: str, fields: dict[str, object], field: str
) -> None:
    answer = ask(aggregator, route, **fields)
    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "invalid_field", field)


@pytest.mark.parametrize("position", [b"<5.-1", b"<", b"<<5.5", b"<5." + b"9" * 30, b"<-5.5"])
def test_a_cursor_that_somebody_made_up_breaks_nothing(aggregator: Aggregator, position: bytes) -> None:
    given = base64.urlsafe_b64decode(answered(aggregator, "search", limit=1)["back"])
    made_up = position + given[given.rindex(b".") :]
    answer = ask(aggregator, "search", cursor=base64.urlsafe_b64encode(made_up).decode())
    assert answer.status == 200 or answer.error["field"] == "cursor"


def test_names_of_any_kind_are_names_of_fields(aggregator: Aggregator) -> None:
    names = ["'", '"', "a'b", "\0", "\u2028", "%s", "$1", "?", "a.b.c.d.e.f.g.h"]
    facets = answered(aggregator, "facets", fields=names)["facets"]
    assert list(facets) == names
    assert all(facet["rows"] == 0 for facet in facets.values())


def test_levels_and_services_are_counted_the_same_way_everywhere(aggregator: Aggregator) -> None:
    rows = aggregator.search().json["rows"]
    levels = answered(aggregator, "facets", fields=["level"])["facets"]["level"]
    assert {each["value"]: each["rows"] for each in levels["values"]} == Counter(row["level"] for row in rows)
