"""Loki's pushes in protobuf."""

import contextlib
import json
from typing import Any

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import InvalidBodyError, InvalidEncodingError, TooLargeError
from aggregator.intake.loki.protobuf_push import decode
from tests.aggregator.intake.loki.push_message import entry, snappy, stream, varint


def lines_of(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in decode(body).lines.split(b"\n")[:-1]]


@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), st.binary(max_size=20)), max_size=5))
def test_each_entry_is_a_line_with_its_exact_time(entries: list[tuple[int, bytes]]) -> None:
    body = snappy(stream(b'{job="app"}', *(entry(time_ns, b"." + line) for time_ns, line in entries)))
    assert lines_of(body) == [
        {
            "service": "app",
            "job": "app",
            "timestamp": str(time_ns),
            "message": "." + line.decode(errors="replace"),
        }
        for time_ns, line in entries
    ]


@given(st.binary(max_size=100), st.booleans())
def test_no_bytes_raise_anything_but_our_errors(body: bytes, compressed: bool) -> None:
    with contextlib.suppress(InvalidBodyError, InvalidEncodingError, TooLargeError):
        decode(snappy(body) if compressed else body)


def test_metadata_and_json_are_fields() -> None:
    body = snappy(
        stream(b'{level="warn"}', entry(5, b'{"msg":"x"}', {b"trace_id": b"t"}), entry(6, b"y")),
        stream(b"", entry(7, b"z")),
    )
    assert lines_of(body) == [
        {"level": "warn", "trace_id": "t", "msg": "x", "timestamp": "5"},
        {"level": "warn", "message": "y", "timestamp": "6"},
        {"timestamp": "7", "message": "z"},
    ]


def test_an_empty_push_is_nothing() -> None:
    assert decode(snappy(b"")).rows == 0


def test_a_bomb_is_refused_by_the_size_that_it_tells() -> None:
    with pytest.raises(TooLargeError):
        decode(varint(limits.DECOMPRESSED_BODY_BYTES + 1) + b"\0")
    bomb = bytes(cramjam.snappy.compress_raw(bytes(limits.DECOMPRESSED_BODY_BYTES + 1)))
    with pytest.raises(TooLargeError):
        decode(bomb)


def test_what_is_not_compressed_is_told() -> None:
    with pytest.raises(InvalidEncodingError, match="Snappy"):
        decode(b"\xff" * 20)


@pytest.mark.parametrize("push", [b"\x0a\xff", stream(b"job=app", entry(1, b"x"))])
def test_what_is_no_push_is_told(push: bytes) -> None:
    with pytest.raises(InvalidBodyError, match="nothing was taken"):
        decode(snappy(push))
