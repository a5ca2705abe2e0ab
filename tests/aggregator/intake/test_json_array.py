"""Bodies that are one JSON array."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.decoded import Decoded
from aggregator.intake.json_array import decode
from tests.aggregator.json_values import json_objects


@given(st.lists(json_objects), st.sampled_from([None, 2]), st.booleans())
def test_each_object_is_a_row_however_the_array_is_written(
    objects: list[dict[str, object]], indent: int | None, ascii_only: bool
) -> None:
    body = json.dumps(objects, indent=indent, ensure_ascii=ascii_only).encode()
    decoded = decode(body)

    assert decoded is not None
    assert (decoded.rows, decoded.errors) == (len(objects), [])
    lines = decoded.lines.split(b"\n")[:-1]
    assert list(map(json.loads, lines)) == objects


@given(st.binary(max_size=200).map(lambda rest: b"[" + rest))
def test_no_body_raises(body: bytes) -> None:
    decoded = decode(body)
    assert decoded is None or decoded.rows == decoded.lines.count(b"\n")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[", b"[{}", b"[{}] {}", b"[{}]\n[{}]", b"[2026-11-29] INFO", b'"["']
)
def test_what_is_no_array_is_left_to_others(body: bytes) -> None:
    assert decode(body) is None


def test_an_empty_array_is_nothing() -> None:
    assert decode(b" [ ] ") == Decoded(b"", 0, [])


@pytest.mark.parametrize("item", [b"1", b'"text"', b"null", b"[{}]", b'{"a":"\xff"}'])
def test_an_item_that_is_no_object_is_named_and_kept_as_text(item: bytes) -> None:
    decoded = decode(b'[{"a":1}, ' + item + b', {"b":2}]')

    assert decoded is not None
    assert [error.line for error in decoded.errors] == [2]
    assert not decoded.refused()
    first, second, third = decoded.lines.splitlines()
    assert (first, third) == (b'{"a":1}', b'{"b":2}')
    assert orjson.loads(second) == {"message": item.decode("utf-8", "replace")}


def test_an_item_over_the_limit_is_kept_as_text_up_to_there() -> None:
    long = b'{"message":"' + b"x" * limits.LINE_BYTES + b'"}'
    decoded = decode(b"[" + long + b",{}]")

    assert decoded is not None
    (error,) = decoded.errors
    assert (error.line, error.reason) == (1, None)
    assert f"longer than {limits.LINE_BYTES} bytes" in error.message
    first, second = decoded.lines.splitlines()
    assert orjson.loads(first) == {"message": long[: limits.LINE_BYTES].decode()}
    assert second == b"{}"


def test_nesting_beyond_any_parser_does_not_hurt() -> None:
    assert decode(b"[" * 200_000) is None
