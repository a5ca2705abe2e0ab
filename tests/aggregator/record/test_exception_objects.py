"""Exceptions described by an object fill the record's fields; nothing of the object is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.record.exception_objects import flatten
from tests.aggregator.json_values import json_objects, json_values
from tests.aggregator.store.opened_store import OpenedStore, opened

Row: TypeAlias = dict[str, Any]

TRACEBACK = 'Traceback (most recent call last):\n  File "/app/main.py", line 12, in run\nValueError: bad\n'
SERVICE_LINE: Row = {
    "timestamp": "2026-11-23T10:00:00.123456Z",
    "level": "ERROR",
    "service": "websocket-ingestion",
    "message": "write failed",
    "correlation_id": "req_1732356000_ab12",
    "context": {"filename": "main.py", "lineno": 12, "function": "run", "module": "main"},
    "exception": {"type": "ValueError", "message": "bad", "traceback": TRACEBACK},
    "performance": {"operation": "influxdb_write", "duration_ms": 812.5, "status": "error"},
}


def flat(row: Row) -> Row:
    found: Row = json.loads(flatten(json.dumps(row).encode() + b"\n"))
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpenedStore]:
    with opened(tmp_path) as store:
        yield store


def test_a_line_of_an_ingestor_service_maps_fully(store: OpenedStore) -> None:
    store.take(SERVICE_LINE)
    (row,) = store.rows("exception_type:ValueError")
    expected = SERVICE_LINE | {
        "exception": TRACEBACK,
        "exception_type": "ValueError",
        "exception_message": "bad",
    }
    assert {name: row[name] for name in expected} == expected
    for query in (
        "performance.duration_ms:>500",
        "performance.status:error",
        "context.lineno:12",
        "context.module:main",
        "correlation_id:req_1732356000_ab12",
        'exception:"line 12, in run"',
        "exception.message:bad",
        "level:error service:websocket-ingestion",
    ):
        assert len(store.rows(query)) == 1, query


def test_a_traceback_may_be_a_list_of_its_lines(store: OpenedStore) -> None:
    store.take({"exception": {"type": "ValueError", "traceback": TRACEBACK.splitlines(keepends=True)}})
    (row,) = store.rows()
    assert row["exception"] == TRACEBACK


@pytest.mark.parametrize(
    ("root", "stack"),
    [("err", "stack"), ("error", "stack_trace"), ("error", "stack"), ("exception", "stacktrace")],
)
def test_objects_of_other_senders_fill_the_same_fields(store: OpenedStore, root: str, stack: str) -> None:
    store.take(
        {
            "msg": "x",
            root: {"type": "TypeError", "message": "no", stack: "TypeError: no\n    at f", "code": 5},
        }
    )
    (row,) = store.rows()
    assert row["exception"] == "TypeError: no\n    at f"
    assert (row["exception_type"], row["exception_message"]) == ("TypeError", "no")
    assert row[f"{root}.code"] == 5
    assert len(store.rows(f"{root}.code:5")) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"exception": "text"},
        {"exception": {"code": 5}},
        {"error": {"code": 5}, "message": '{"exception":{"type":1}}'},
        {"a": {"exception": {"type": "x"}}},
        {"exception": {"type": "x"}, "exception.type": "y"},
    ],
)
def test_other_lines_stay_as_they_are(row: Row) -> None:
    assert flat(row) == row


@given(
    json_objects,
    st.sampled_from(["exception", "err", "error"]),
    st.dictionaries(st.sampled_from(["type", "message", "stack", "a", "é"]), json_values, max_size=4),
)
def test_nothing_is_lost(row: Row, root: str, members: Row) -> None:
    found = flat(row | {root: members})
    again = found.get(root) or {
        name.partition(".")[2]: value for name, value in found.items() if name.startswith(f"{root}.")
    }
    for name, value in members.items():
        is_lines = isinstance(value, list) and all(isinstance(part, str) for part in value)
        joined = ["".join(value)] if name == "stack" and is_lines else []
        assert again[name] in [value, *joined]


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"") + b'"err":{'), max_size=3))
def test_what_can_not_be_read_stays_as_it_is(lines: list[bytes]) -> None:
    text = b"".join(line + b"\n" for line in lines)
    assert flatten(text) == text
