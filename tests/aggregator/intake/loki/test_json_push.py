"""Loki's pushes in JSON."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake.decoded import Decoded
from aggregator.intake.loki.json_push import decode
from tests.aggregator.json_values import json_objects

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.sampled_from(["job", "level", "service", "message", "timestamp", "uid", "a", "a.b"])
lines = st.one_of(
    texts,
    json_objects.map(json.dumps),
    st.dictionaries(names, texts).map(lambda line: json.dumps(line, indent=1)),
    st.sampled_from(["{", "{}", "{ }", "[]", '{"a":1} {"b":2}', '{"a":']),
)
entries = st.tuples(
    st.integers(0, 2**63 - 1).map(str), lines, st.one_of(st.none(), st.dictionaries(names, texts, max_size=2))
)
streams = st.tuples(st.dictionaries(names, texts, max_size=3), st.lists(entries, max_size=4))


def push(*sent: tuple[dict[str, Any], list[tuple[Any, ...]]]) -> bytes:
    return json.dumps(
        {
            "streams": [
                {
                    "stream": labels,
                    "values": [[part for part in entry if part is not None] for entry in values],
                }
                for labels, values in sent
            ]
        }
    ).encode()


def lines_of(decoded: Decoded) -> list[dict[str, Any]]:
    return [json.loads(line, object_pairs_hook=unique) for line in decoded.lines.split(b"\n")[:-1]]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a name came twice"
    return dict(pairs)


def one_line(labels: dict[str, Any], *entry: object) -> dict[str, Any]:
    (line,) = lines_of(decode(push((labels, [entry]))))
    return line


@given(st.lists(streams, max_size=3))
def test_each_entry_is_a_line_with_its_time_and_labels(
    sent: list[tuple[dict[str, str], list[tuple[str, str, dict[str, str] | None]]]],
) -> None:
    decoded = decode(push(*sent))
    found = lines_of(decoded)
    wanted = [(labels, *entry) for labels, values in sent for entry in values]

    assert decoded.rows == len(found) == len(wanted)
    assert not decoded.errors
    for line, (labels, timestamp, text, metadata) in zip(found, wanted, strict=True):
        assert line["timestamp"] == timestamp
        said = set(map(str, line.values()))
        assert set(labels.values()) <= said
        assert set((metadata or {}).values()) <= said
        if not text.startswith("{"):
            assert line["message"] == text


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_error(body: bytes) -> None:
    with contextlib.suppress(InvalidBodyError):
        decode(body)


def test_nanoseconds_stay_exact() -> None:
    assert one_line({}, "1764410400123456789", "x") == {"timestamp": "1764410400123456789", "message": "x"}


def test_a_line_that_is_json_gives_its_fields() -> None:
    line = one_line(
        {"job": "app", "level": "info"},
        "1",
        '{"msg":"paid","level":30,"amount":1.50,\n "time":5}',
        {"trace_id": "t"},
    )
    assert line == {
        "service": "app",
        "job": "app",
        "level": "info",
        "trace_id": "t",
        "msg": "paid",
        "line.level": 30,
        "amount": 1.5,
        "time": 5,
        "timestamp": "1",
    }


def test_a_line_that_tells_its_service_knows_better_than_a_label_that_hints_at_it() -> None:
    line = one_line(
        {"job": "varlogs", "detected_level": "error"}, "1", '{"app":"shop","severity":"info","message":"x"}'
    )
    assert line == {
        "job": "varlogs",
        "detected_level": "error",
        "app": "shop",
        "severity": "info",
        "message": "x",
        "timestamp": "1",
    }


def test_what_a_line_of_text_says_is_understood() -> None:
    line = one_line(
        {"container": "homeassistant"},
        "1",
        "2026-11-23 10:00:00.123 ERROR (MainThread) [ha.core] x",
    )
    assert line == {
        "service": "homeassistant",
        "container": "homeassistant",
        "level": "ERROR",
        "logger": "ha.core",
        "thread": "MainThread",
        "local_time": "2026-11-23 10:00:00.123",
        "message": "x",
        "timestamp": "1",
    }


@pytest.mark.parametrize(("labels", "metadata"), [({"level": "debug"}, {}), ({}, {"level": "debug"})])
def test_a_level_of_a_label_or_of_metadata_wins(labels: dict[str, str], metadata: dict[str, str]) -> None:
    line = one_line(labels, "1", "ERROR:root:x", metadata)
    assert (line["level"], line["line.level"]) == ("debug", "ERROR")


def test_the_lines_of_a_traceback_in_a_stream_are_one_record() -> None:
    texts = [
        "ERROR:root:failed",
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "KeyError: 1",
    ]
    values = [(str(at), text) for at, text in enumerate(texts)]
    first, second, third = lines_of(decode(push(({"app": "a"}, [*values, ("9", "after")]), ({}, values[1:]))))
    assert (first["timestamp"], first["app"], first["message"]) == ("0", "a", "failed")
    assert first["exception"].splitlines() == texts[1:]
    assert first["exception_type"] == "KeyError"
    assert (second["timestamp"], second["message"]) == ("9", "after")
    assert (third["timestamp"], third["level"]) == ("1", "ERROR")


def test_metadata_by_a_labels_name_gets_another() -> None:
    line = one_line({"pod": "a"}, "1", "x", {"pod": "b", "message": "c"})
    assert line == {
        "pod": "a",
        "metadata.pod": "b",
        "metadata.message": "c",
        "message": "x",
        "timestamp": "1",
    }


@pytest.mark.parametrize("text", ["{", "{}", "{ }", "[1]", "{'a': 1}", '{"a":1} {"b":2}', ""])
def test_a_line_that_only_looks_like_json_is_text(text: str) -> None:
    for others in ([], [("2", '{"a":1}')]):
        first = lines_of(decode(push(({}, [("1", text), *others]))))[0]
        assert first == {"timestamp": "1", "message": text}


def test_an_entry_that_is_too_long_is_refused_by_itself() -> None:
    long = "ä" * limits.LINE_BYTES
    decoded = decode(
        push(({}, [("1", "a")]), ({"l": "m"}, [("2", "b"), ("3", long), ("4", "c", {"k": "v"})]))
    )
    assert [line["timestamp"] for line in lines_of(decoded)] == ["1", "2", "4"]
    assert lines_of(decoded)[2]["k"] == "v"
    assert [(error.line, error.reason) for error in decoded.errors] == [(3, "too_long")]


def test_the_older_form_is_read_too() -> None:
    body = {
        "streams": [{"labels": '{job="app"}', "entries": [{"ts": "2026-11-29T10:00:00.5Z", "line": "x"}]}]
    }
    assert lines_of(decode(json.dumps(body).encode())) == [
        {"service": "app", "job": "app", "timestamp": "2026-11-29T10:00:00.5Z", "message": "x"}
    ]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (push(({}, [(1764410400, "x")])), "values[0][0]"),
        (push(({}, [("1", 5)])), "values[0][1]"),
        (push(({}, [("soon", "x")])), "'soon'"),
        (push(({}, [("-1", "x")])), "'-1'"),
        (push(({}, [("²", "x")])), "'²'"),
        (push(({}, [("", "x")])), "''"),
        (push(({}, [("1",)])), "values[0]"),
        (push(({"a": {}}, [("1", "x")])), "stream"),
        (b'{"streams":[{"labels":"a","entries":[]}]}', "braces"),
        (b"{}", "streams"),
        (b'{"streams":[', "truncated"),
        (b'{"streams":[{"values":[["1","\xff"]]}]}', "utf"),
    ],
)
def test_what_is_no_push_is_refused_with_its_place(body: bytes, where: str) -> None:
    with pytest.raises(InvalidBodyError) as refused:
        decode(body)
    assert where in refused.value.message.lower()
