"""NDJSON bodies: every line is kept, and what is no JSON object is named."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.ndjson import decode
from tests.aggregator.json_values import json_objects

line_pieces = st.one_of(
    json_objects.map(lambda value: json.dumps(value, ensure_ascii=False).encode()),
    st.binary(max_size=12).filter(lambda piece: b"\n" not in piece),
    st.sampled_from([b"", b" ", b"\r", b"{}", b"[]", b"null", b'"text"', b"{", b'{"a":', b"\xff", b"{} {}"]),
)


def is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


@given(st.lists(line_pieces, max_size=8), st.booleans())
def test_each_line_that_is_not_blank_is_one_row(lines: list[bytes], ended: bool) -> None:
    body = b"\n".join(lines) + (b"\n" if ended else b"")
    decoded = decode(body)
    sent = [line for line in lines if line.strip()]
    kept = decoded.lines.split(b"\n")[:-1]

    assert decoded.rows == len(sent) == len(kept)
    assert decoded.lines.endswith(b"\n") or not sent
    named = {error.line for error in decoded.errors}
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    for (number, line), stored in zip(numbered, kept, strict=True):
        if number in named:
            text = line.removesuffix(b"\r").decode("utf-8", "replace")
            assert orjson.loads(stored) == {"message": text} or is_object(text.encode())
        else:
            assert stored == line
        if is_object(line):
            assert number not in named


@given(st.binary(max_size=200))
def test_no_body_raises(body: bytes) -> None:
    decoded = decode(body)
    assert decoded.rows == decoded.lines.count(b"\n")


@pytest.mark.parametrize(
    "line", [b"[1]", b"text", b'"text"', b"12", b"null", b'{"a":1', b"{'a':1}", b"\xff\xfe", b'{"a":"\xff"}']
)
def test_a_line_that_is_no_json_object_is_named_and_kept_as_text(line: bytes) -> None:
    decoded = decode(b'{"a":1}\n' + line + b'\n{"b":2}\n')

    assert [error.line for error in decoded.errors] == [2]
    assert decoded.rows == 3
    first, second, third = decoded.lines.splitlines()
    assert (first, third) == (b'{"a":1}', b'{"b":2}')
    assert orjson.loads(second)["message"] == line.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"\uDE00 begins", "\ufffd begins"),
        (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
        (rb"\\\ud83d \\ud83d", "\\\ufffd \\ud83d"),
    ],
)
def test_half_of_a_character_costs_no_field_of_its_line(sent: bytes, kept: str) -> None:
    line = b'{"service":"s","level":"error","message":"' + sent + b'"}'
    decoded = decode(b'{"a":1}\ntext\n' + line + b'\n{"b":2}\n')

    assert [error.line for error in decoded.errors] == [2, 3]
    assert "surrogate" in decoded.errors[1].message
    assert orjson.loads(decoded.lines.splitlines()[2]) == {"service": "s", "level": "error", "message": kept}


def test_lines_of_text_are_understood_and_a_traceback_is_one_record() -> None:
    body = b"""{"a":1}
2026-11-23 10:00:00.123 ERROR (MainThread) [homeassistant.core] failed
Traceback (most recent call last):
  File "a.py", line 1
KeyError: 1
{"b":2}
level=info msg=done
"""
    decoded = decode(body)
    first, second, third, fourth = map(orjson.loads, decoded.lines.splitlines())

    assert decoded.rows == 4
    assert [error.line for error in decoded.errors] == [2, 3, 4, 5, 7]
    assert (first, third) == ({"a": 1}, {"b": 2})
    assert (second["level"], second["message"], second["exception_type"]) == ("ERROR", "failed", "KeyError")
    assert fourth == {"level": "info", "msg": "done"}


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n\r\n", b"  \n\t\n"])
def test_blank_lines_are_no_rows(body: bytes) -> None:
    assert decode(body).rows == 0


def test_lines_may_end_as_on_windows() -> None:
    lines = [b'{"a": "b\\r\\n"}', b'{"number": 1E400}', b"text"]
    assert decode(b"\r\n".join(lines)) == decode(b"\n".join(lines))
    for line in lines:
        assert decode(line + b"\r") == decode(line + b"\r\n") == decode(line)


def test_a_line_over_the_limit_is_kept_as_text_up_to_there() -> None:
    long = b'{"message":"' + b"x" * limits.LINE_BYTES + b'"}'
    decoded = decode(long + b'\n{"a":1}')

    (error,) = decoded.errors
    assert error.line == 1
    assert str(limits.LINE_BYTES) in error.message
    first, second = decoded.lines.splitlines()
    assert orjson.loads(first) == {"message": long[: limits.LINE_BYTES].decode()}
    assert second == b'{"a":1}'


def test_a_line_of_the_longest_length_stays_an_object() -> None:
    empty = b'{"message":""}'
    line = b'{"message":"' + b"x" * (limits.LINE_BYTES - len(empty)) + b'"}'
    decoded = decode(line + b"\n" + b'{"a":1}')
    assert not decoded.errors
    assert decoded.lines.startswith(line)


def test_nesting_as_deep_as_a_line_holds_is_one_row() -> None:
    depth = (limits.LINE_BYTES - 10) // 2
    decoded = decode(b'{"a":' + b"[" * depth + b"]" * depth + b"}\n{}")
    assert decoded.rows == 2
    assert decoded.lines.endswith(b"{}\n")
