"""Whole batches of lines of several origins."""

import json
from typing import Any, TypeAlias

import pytest

from aggregator.intake.text.entries import Entries, lines_of

Row: TypeAlias = dict[str, Any]

TRACEBACK = [b"Traceback (most recent call last):", b'  File "a.py", line 1', b"KeyError: 1"]


def rows_of(*origins: Entries) -> list[Row]:
    lines, rows = lines_of(origins)
    found = [json.loads(line) for line in lines.splitlines()]
    assert len(found) == rows
    return found


def entries(*lines: bytes, service: str = "a", level: str = "") -> Entries:
    hints = {"level": b'"level":"%b"' % level.encode()} if level else {}
    return Entries(lines, [b'"service":"%b"' % service.encode()] * len(lines), {"service"}, hints)


def test_nothing_is_no_line() -> None:
    assert lines_of([]) == (b"", 0)
    assert lines_of([entries()]) == (b"", 0)


@pytest.mark.parametrize("traceback", [[], TRACEBACK], ids=["without a traceback", "with one"])
def test_each_line_has_what_is_told_and_hinted_of_its_origin(traceback: list[bytes]) -> None:
    found = rows_of(
        entries(b"one", *traceback, b"two", service="a"),
        entries(),
        entries(b"three", *traceback, b"ERROR:root:four", b'{"severity":"info"}', service="b", level="debug"),
        entries(b"five", service="c", level="trace"),
    )
    plain = [row for row in found if "exception" not in row]
    assert [(row["service"], row.get("level")) for row in plain] == [
        ("a", None),
        ("a", None),
        ("b", "debug"),
        ("b", "ERROR"),
        ("b", None),
        ("c", "trace"),
    ]
    exceptions = [row for row in found if "exception" in row]
    assert [(row["service"], row["level"]) for row in exceptions] == (
        [("a", "ERROR"), ("b", "ERROR")] if traceback else []
    )


def test_objects_that_describe_a_field_are_taken_apart() -> None:
    (row,) = rows_of(entries(b'{"message":"x","log":{"level":"error"}}', level="debug"))
    assert row == {"service": "a", "message": "x", "log.level": "error"}
