"""Events of Splunk's collector."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake.splunk.concatenated import objects_of
from aggregator.intake.splunk.events import decode
from aggregator.intake.splunk.result import Code, Result
from tests.aggregator.json_values import json_objects

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
tricky = st.lists(st.sampled_from(['"', "\\", "{", "}", " ", "a"]), max_size=12).map("".join)
objects = st.one_of(json_objects, st.dictionaries(tricky, tricky))
spaces = st.sampled_from(["", " ", "\n", "\r\n", "\n\n\t"])
metadata = st.fixed_dictionaries(
    {},
    optional={
        "time": st.one_of(st.floats(0, 2e9), st.integers(0, 2_000_000_000), texts, st.none()),
        "host": texts,
        "source": texts,
        "sourcetype": st.one_of(texts, st.none()),
        "index": texts,
        "uid": texts,
        "fields": st.one_of(st.none(), st.dictionaries(texts, texts, max_size=3)),
    },
)
events = st.one_of(
    texts.filter(bool), st.integers(), st.booleans(), json_objects.filter(bool), st.lists(texts, max_size=2)
)


def lines_of(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line, object_pairs_hook=unique) for line in result.lines.split(b"\n")[:-1]]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a name came twice"
    return dict(pairs)


def dumps(*sent: object, between: str = "") -> bytes:
    return between.join(map(json.dumps, sent)).encode()


def one_line(**sent: object) -> dict[str, Any]:
    (line,) = lines_of(decode(dumps(sent)))
    return line


@given(st.lists(objects, max_size=5), spaces, spaces, st.sampled_from([None, 1]))
def test_objects_that_follow_each_other_are_taken_apart(
    sent: list[dict[str, Any]], between: str, around: str, indent: int | None
) -> None:
    body = around + between.join(json.dumps(one, indent=indent) for one in sent) + around
    found = objects_of(body.encode())
    if sent:
        assert [json.loads(one or b"") for one in found] == sent


@given(st.lists(objects, min_size=1, max_size=3), st.sampled_from(["{", "]", '{"a":', "x", '{"a":"}']))
def test_what_is_no_object_ends_where_a_line_begins_another(sent: list[dict[str, Any]], bad: str) -> None:
    body = "\n".join([json.dumps(sent[0]), bad, *map(json.dumps, sent)]).encode()
    found = objects_of(body)
    assert json.loads(found[0] or b"") == sent[0]
    assert found.count(None) == 1
    assert [json.loads(one) for one in found[1:] if one is not None] == sent


@given(st.lists(st.tuples(metadata, events), min_size=1, max_size=4), spaces)
def test_each_event_is_a_line_and_loses_nothing(sent: list[tuple[dict[str, Any], Any]], between: str) -> None:
    result = decode(dumps(*(told | {"event": event} for told, event in sent), between=between))
    assert not result.errors
    assert result.code is Code.SUCCESS
    assert result.rows == len(lines_of(result)) == len(sent)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_error(body: bytes) -> None:
    with contextlib.suppress(InvalidBodyError):
        decode(body)


def test_an_object_is_a_line_with_what_is_told_of_it() -> None:
    line = one_line(
        time=1426279439.123,
        host="pi",
        source="app.log",
        sourcetype="_json",
        index="main",
        fields={"room": "attic", "floor": ["1", "2"]},
        event={"message": "paid", "severity": "warn", "amount": 1.5, "log": {"logger": "cart"}},
    )
    assert line == {
        "timestamp": 1426279439.123,
        "host": "pi",
        "source": "app.log",
        "sourcetype": "_json",
        "index": "main",
        "room": "attic",
        "floor": ["1", "2"],
        "message": "paid",
        "severity": "warn",
        "amount": 1.5,
        "log.logger": "cart",
    }


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("plain", {"message": "plain"}),
        ("ERROR:root:failed", {"level": "ERROR", "logger": "root", "message": "failed"}),
        ({"a": 1}, {"a": 1, "message": '{"a": 1}'}),
        (5, {"message": "5"}),
        ([1], {"message": "[1]"}),
        ('{"msg":"x","level":"warn"}', {"msg": "x", "level": "warn"}),
        ({"message": "x", "host": "other"}, {"message": "x", "line.host": "other"}),
    ],
)
def test_what_an_event_says_is_understood(event: object, expected: dict[str, Any]) -> None:
    assert one_line(event=event, host="pi") == {"host": "pi"} | expected


def test_lines_of_dockers_log_driver_are_lines() -> None:
    told = {"source": "stderr", "tag": "nginx", "attrs": {"room": "attic"}}
    expected = {
        "host": "pi",
        "stream": "stderr",
        "tag": "nginx",
        "service": "nginx",
        "attrs": {"room": "attic"},
    }
    line = one_line(host="pi", event={"line": "ERROR:root:failed", **told})
    assert line == expected | {"level": "ERROR", "logger": "root", "message": "failed"}
    line = one_line(host="pi", event={"line": {"msg": "x", "level": "warn"}, **told, "tag": "0123456789ab"})
    assert line == {
        "host": "pi",
        "stream": "stderr",
        "tag": "0123456789ab",
        "attrs": {"room": "attic"},
        "msg": "x",
        "level": "warn",
    }
    assert one_line(event={"line": "", "source": "stdout"}) == {"stream": "stdout", "message": ""}
    other = {"line": "x", "source": "stdout", "more": 1, "msg": "y"}
    assert one_line(event=other) == other


@pytest.mark.parametrize("time", ["1426279439.123", "", None])
def test_times_may_be_texts_or_missing(time: str | None) -> None:
    line = one_line(event="x", time=time)
    assert line.get("timestamp", "") == (time or "")


def test_fields_by_names_that_mean_something_else_get_others() -> None:
    line = one_line(event="x", host="pi", uid=1, fields={"host": "a", "message": "b", "timestamp": "c"})
    assert line == {
        "host": "pi",
        "sent_uid": 1,
        "fields.host": "a",
        "fields.message": "b",
        "fields.timestamp": "c",
        "message": "x",
    }
    assert one_line(event="x", fields={"uid": "1"}) == {"sent_uid": "1", "message": "x"}


def test_the_lines_of_a_traceback_from_one_place_are_one_record() -> None:
    traceback = [
        "ERROR:root:failed",
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "KeyError: 1",
    ]
    sent: list[dict[str, Any]] = []
    for line in traceback:
        sent += [{"event": line, "source": "a"}, {"event": f"other {line}", "source": "b"}]
    lines = lines_of(decode(dumps(*sent)))
    assert [line["exception_type"] for line in lines if line["source"] == "a"] == ["KeyError"]


@pytest.mark.parametrize(
    ("bad", "code", "reason"),
    [
        ({"host": "pi"}, Code.EVENT_REQUIRED, "event_missing"),
        ({"event": None}, Code.EVENT_REQUIRED, "event_missing"),
        ({"event": ""}, Code.EVENT_BLANK, "event_missing"),
        ({"event": {}}, Code.EVENT_BLANK, "event_missing"),
        ({"event": "x", "fields": [1]}, Code.INDEXED_FIELDS, "invalid_field"),
        ({"event": "x" * limits.LINE_BYTES}, Code.INVALID_FORMAT, "too_long"),
    ],
)
def test_an_event_that_can_t_be_taken_costs_itself_only(bad: dict[str, Any], code: Code, reason: str) -> None:
    result = decode(dumps({"event": "a"}, bad, {"event": "b"}))
    assert [line["message"] for line in lines_of(result)] == ["a", "b"]
    assert [(error.line, error.reason) for error in result.errors] == [(2, reason)]
    assert result.code is code


@pytest.mark.parametrize("body", [b"", b" \n"])
def test_no_data_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidBodyError):
        decode(body)


def test_what_is_no_json_is_refused() -> None:
    result = decode(b"hello")
    assert (result.rows, result.code, len(result.errors)) == (0, Code.INVALID_FORMAT, 1)
