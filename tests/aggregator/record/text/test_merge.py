"""What is told of a line wins over what it says itself, which stays under another name."""

import json
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.record.fields import ALIASES
from aggregator.record.text.merge import merge, with_hints
from tests.aggregator.json_values import json_objects

Row: TypeAlias = dict[str, Any]
NAMES = ("timestamp", *ALIASES["timestamp"])


def merged(row: Row | str, **told: object) -> Row:
    text = row if isinstance(row, str) else json.dumps(row)
    members = json.dumps(told)[1:-1]
    (found,) = merge([text.encode()], [members.encode()], told.keys())
    row_found: Row = json.loads(found)
    return row_found


def test_what_is_told_comes_beside_what_a_line_says() -> None:
    assert merged({"message": "x", "level": "info"}, service="a", timestamp=1) == {
        "service": "a",
        "timestamp": 1,
        "message": "x",
        "level": "info",
    }


def test_nothing_told_leaves_a_line_as_it_is() -> None:
    assert merge([b'{ "a":1.50}'], [b""], ()) == [b'{ "a":1.50}']


def test_what_is_told_wins() -> None:
    assert merged({"message": "x", "level": "info", "service": "b"}, service="a", level="error") == {
        "service": "a",
        "level": "error",
        "message": "x",
        "line.level": "info",
        "line.service": "b",
    }


@pytest.mark.parametrize(("own", "told"), [("ERROR", "error"), ("Info", "info")])
def test_the_same_level_in_other_letters_is_not_kept_twice(own: str, told: str) -> None:
    assert merged({"message": "x", "level": own}, level=told) == {"level": told, "message": "x"}


def test_a_name_deeper_inside_or_in_text_is_no_clash() -> None:
    row = {"message": 'say "level"', "context": {"level": 1}}
    assert merged(row, level="error") == row | {"level": "error"}


def test_numbers_keep_their_digits() -> None:
    (found,) = merge([b'{"level":1,"n":1.10000000000000000001}'], [b'"level":"error"'], ["level"])
    assert b"1.10000000000000000001" in found


@given(
    json_objects.filter(bool),
    st.dictionaries(st.sampled_from(["level", "a", "timestamp", "é", 'a"b']), st.text(max_size=3)),
)
def test_nothing_is_lost(row: Row, told: dict[str, str]) -> None:
    found = merged(json.dumps(row, ensure_ascii=False), **told)
    assert {name: found[name] for name in told} == told
    for name, value in row.items():
        kept = found.get(f"line.{name}", found.get(name))
        assert json.dumps(kept) == json.dumps(value) or name == "level"


def test_what_is_hinted_at_is_for_lines_that_say_nothing_of_it() -> None:
    hints = [b'"timestamp":%d' % time for time in (11, 12, 13, 14, 15)]
    hints[-1] = b""
    rows = [
        b'{"message":"x"}',
        b'{"time":"2026-11-23T10:00:00Z"}',
        b'{"@timestamp":1}',
        b'{"a":{"time":1}}',
        b'{"b":1}',
    ]
    found = [json.loads(row) for row in with_hints(rows, NAMES, hints)]
    assert found == [
        {"timestamp": 11, "message": "x"},
        {"time": "2026-11-23T10:00:00Z"},
        {"@timestamp": 1},
        {"timestamp": 14, "a": {"time": 1}},
        {"b": 1},
    ]
