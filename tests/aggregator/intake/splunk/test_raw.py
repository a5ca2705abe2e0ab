"""Raw bodies of Splunk's collector."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake.splunk.raw import decode
from aggregator.intake.splunk.result import Code


def lines_of(body: bytes, **query: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in decode(body, query).lines.split(b"\n")[:-1]]


def test_lines_are_understood_and_have_what_the_address_tells() -> None:
    query = {
        "host": "pi",
        "source": "app.log",
        "sourcetype": "x",
        "index": "i",
        "time": "1.5",
        "channel": "c",
    }
    told = {"host": "pi", "source": "app.log", "sourcetype": "x", "index": "i", "timestamp": "1.5"}
    assert lines_of(b"ERROR:root:failed\r\n\nplain", **query) == [
        told | {"level": "ERROR", "logger": "root", "message": "failed"},
        told | {"message": "plain"},
    ]


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_error(body: bytes) -> None:
    if body.strip(b"\n").strip():
        assert decode(body, {}).rows > 0
    else:
        with pytest.raises(InvalidBodyError):
            decode(body, {})


def test_a_line_that_is_too_long_is_refused_by_itself() -> None:
    result = decode(b"a\n" + b"x" * (limits.LINE_BYTES + 1) + b"\nb", {})
    assert (result.rows, result.code) == (2, Code.INVALID_FORMAT)
    assert [(error.line, error.reason) for error in result.errors] == [(2, "too_long")]
    assert decode(b"x" * (limits.LINE_BYTES + 1), {}).rows == 0
