"""Logs as Datadog's clients send them."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake.datadog.logs import decode
from aggregator.intake.decoded import Decoded
from tests.aggregator.json_values import json_objects

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
logs = st.dictionaries(
    st.sampled_from(
        [
            *("message", "status", "ddtags", "ddsource", "hostname", "service", "timestamp", "uid"),
            "dd",
            "level",
        ]
    ),
    st.one_of(texts, st.sampled_from(["env:a,service:b,uid:c,x", "error"]), st.integers(), json_objects),
    min_size=1,
)


def lines_of(decoded: Decoded) -> list[dict[str, Any]]:
    return [json.loads(line, object_pairs_hook=unique) for line in decoded.lines.split(b"\n")[:-1]]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a name came twice"
    return dict(pairs)


def decoded(sent: object, **query: str) -> Decoded:
    return decode(json.dumps(sent).encode(), query, is_text=False)


def one_line(**sent: object) -> dict[str, Any]:
    (line,) = lines_of(decoded([sent]))
    return line


@given(st.lists(logs, max_size=4), st.sampled_from([None, 1]))
def test_each_log_is_a_line(sent: list[dict[str, Any]], indent: int | None) -> None:
    result = decode(json.dumps(sent, indent=indent).encode(), {}, is_text=False)
    assert not result.errors
    assert result.rows == len(lines_of(result)) == len(sent)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_error(body: bytes) -> None:
    lines_of(decode(body, {}, is_text=True))
    with contextlib.suppress(InvalidBodyError):
        lines_of(decode(body, {}, is_text=False))


def test_a_log_is_a_line() -> None:
    line = one_line(
        message="paid",
        status="warn",
        ddsource="python",
        ddtags="env:prod,team,version:1.2",
        hostname="pi",
        service="shop",
        timestamp=1764410400123,
        dd={"trace_id": "123", "span_id": "4"},
        amount=1.5,
        uid=7,
    )
    assert line == {
        "message": "paid",
        "level": "WARNING",
        "ddsource": "python",
        "env": "prod",
        "ddtags": ["team"],
        "version": "1.2",
        "hostname": "pi",
        "service": "shop",
        "timestamp": 1764410400123,
        "dd.trace_id": "123",
        "dd.span_id": "4",
        "amount": 1.5,
        "sent_uid": 7,
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("error", {"level": "ERROR"}),
        ("Emergency", {"level": "CRITICAL"}),
        ("ok", {"level": "INFO"}),
        (3, {"level": "ERROR"}),
        (200, {"status": 200}),
        ("done", {"status": "done"}),
        ({"a": 1}, {"status": {"a": 1}}),
    ],
)
@pytest.mark.parametrize("message", [{"message": "x"}, {}])
def test_a_status_that_is_a_level_is_one(
    status: object, expected: dict[str, Any], message: dict[str, str]
) -> None:
    assert one_line(status=status, a=1, **message) == {"a": 1} | expected | message


def test_what_a_message_says_is_understood_and_its_level_goes_before_the_status() -> None:
    line = one_line(message="WARNING:root:x", status="info", service="shop")
    assert line == {"service": "shop", "level": "WARNING", "logger": "root", "message": "x"}
    line = one_line(message='{"msg":"x","level":"debug"}', status="info")
    assert line == {"msg": "x", "level": "debug"}
    assert one_line(message={"msg": "x"}) == {"msg": "x"}


def test_the_lines_of_a_traceback_are_one_record() -> None:
    traceback = [
        "ERROR:root:failed",
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "KeyError: 1",
    ]
    (line,) = lines_of(
        decoded([{"message": text, "hostname": "pi", "status": "error"} for text in traceback])
    )
    assert (line["message"], line["exception_type"]) == ("failed", "KeyError")


def test_a_tag_by_a_name_that_is_taken_gets_another() -> None:
    line = one_line(message="x", service="shop", ddtags="service:other,message:y,uid:z")
    assert line == {
        "message": "x",
        "service": "shop",
        "ddtags.service": "other",
        "ddtags.message": "y",
        "sent_uid": "z",
    }


def test_one_object_needs_no_array_and_an_empty_one_only_asks() -> None:
    assert lines_of(decoded({"message": "x"})) == [{"message": "x"}]
    for empty in (b"{}", b"[{}]", b"[]"):
        result = decode(empty, {}, is_text=False)
        assert (result.rows, result.errors) == (0, [])


def test_the_address_tells_of_all_what_they_don_t_tell_themselves() -> None:
    query = {"ddtags": "env:prod", "service": "shop", "hostname": "pi", "ddsource": "x", "other": "y"}
    first, second = lines_of(decoded([{"message": "a"}, {"message": "b", "service": "own"}], **query))
    common = {"env": "prod", "hostname": "pi", "ddsource": "x"}
    assert first == common | {"message": "a", "service": "shop"}
    assert second == common | {"message": "b", "service": "own"}


def test_text_is_lines() -> None:
    result = decode(b"ERROR:root:a\r\n\nb \xff\n", {"service": "shop"}, is_text=True)
    assert lines_of(result) == [
        {"service": "shop", "level": "ERROR", "logger": "root", "message": "a"},
        {"service": "shop", "message": "b \N{REPLACEMENT CHARACTER}"},
    ]


def test_a_log_that_can_t_be_taken_costs_itself_only() -> None:
    result = decoded([{"message": "a"}, 5, {"message": "x" * limits.LINE_BYTES}, {"message": "b"}])
    assert [line["message"] for line in lines_of(result)] == ["a", "b"]
    assert [(error.line, error.reason) for error in result.errors] == [(2, "invalid_json"), (3, "too_long")]


@pytest.mark.parametrize("body", [b"hello", b"[", b'{"a":1}{"a":2}'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidBodyError, match="nothing was taken"):
        decode(body, {}, is_text=False)
