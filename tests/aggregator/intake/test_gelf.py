"""Messages of GELF."""

import contextlib
import gzip
import json
import traceback
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.errors import InvalidBodyError, InvalidEncodingError, TooLargeError
from aggregator.intake.decoded import Decoded
from aggregator.intake.gelf import decode, decode_body
from tests.aggregator.json_values import json_objects

names = st.sampled_from(
    [
        *("version", "host", "short_message", "full_message", "timestamp", "level", "facility", "uid"),
        *("message", "exception", "_", "_id", "__id", "_uid", "_message", "_short_message", "_level"),
        *("_version", "_user", "_exception"),
    ]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
messages = st.dictionaries(names, st.one_of(texts, st.integers(-5, 10), st.floats(0, 2e9), st.none()))
others = st.one_of(json_objects, messages).map(json.dumps).map(str.encode)

MESSAGE = {"version": "1.1", "host": "pi", "short_message": "x", "timestamp": 1385053862.3072, "level": 3}
LINE = {"host": "pi", "message": "x", "timestamp": 1385053862.3072, "level": "ERROR"}


def dumps(*sent: dict[str, Any]) -> list[bytes]:
    return [json.dumps(one).encode() for one in sent]


def lines_of(decoded: Decoded) -> list[dict[str, Any]]:
    return [json.loads(line) for line in decoded.lines.split(b"\n")[:-1]]


def one_line(**sent: object) -> dict[str, Any]:
    (line,) = lines_of(decode(dumps(MESSAGE | sent)))
    return {name: value for name, value in line.items() if LINE.get(name) != value}


@given(st.lists(others, max_size=5))
def test_each_object_is_a_line(sent: list[bytes]) -> None:
    decoded = decode(sent)
    assert (decoded.rows, decoded.errors) == (len(sent), [])
    assert len(lines_of(decoded)) == len(sent)


@given(messages)
def test_every_value_is_still_there(sent: dict[str, Any]) -> None:
    (line,) = lines_of(decode(dumps(sent)))
    found = list(map(str, line.values()))
    for name, value in sent.items():
        if name not in {"version", "level"} and value is not None:
            said = str(value)
            assert said in found or (
                name in {"short_message", "message"} and any(said in text for text in found)
            )


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_errors(body: bytes) -> None:
    decode([body])
    with contextlib.suppress(InvalidBodyError, InvalidEncodingError, TooLargeError):
        decode_body(body)


def test_a_message_is_a_line() -> None:
    assert lines_of(decode(dumps(MESSAGE))) == [LINE]


@pytest.mark.parametrize(
    ("sent", "line"),
    [
        ({"_user_id": 9001, "_room": "attic"}, {"user_id": 9001, "room": "attic"}),
        ({"_host": "y", "_level": "z"}, {"_host": "y", "_level": "z"}),
        ({"_version": "2.0"}, {"version": "2.0"}),
        ({"_message": "y", "_uid": 1000}, {"_message": "y", "sent_uid": 1000}),
        ({"__id": 1, "_": 2}, {"_id": 1, "_": 2}),
        ({"facility": "shop.cart"}, {"logger": "shop.cart"}),
        ({"facility": "local0", "_logger": "cart"}, {"facility": "local0", "logger": "cart"}),
        ({"message": "y"}, {"message": "y", "short_message": "x"}),
        ({"level": "4"}, {"level": "WARNING"}),
        ({"level": "warn"}, {"level": "warn"}),
        ({"level": 9}, {"level": 9}),
        ({"full_message": "x"}, {}),
        ({"full_message": "x\nand y"}, {"message": "x\nand y"}),
        ({"full_message": "all of it"}, {"full_message": "all of it"}),
        ({"full_message": None}, {"full_message": "null"}),
        ({"nested": {"a": [1]}}, {"nested": {"a": [1]}}),
    ],
)
def test_fields(sent: dict[str, Any], line: dict[str, Any]) -> None:
    assert one_line(**sent) == line


@pytest.mark.parametrize(("severity", "level"), list(enumerate("CCCEWIID")))
def test_levels_are_syslogs(severity: int, level: str) -> None:
    (line,) = lines_of(decode(dumps(MESSAGE | {"level": severity})))
    assert line["level"][0] == level


@pytest.mark.parametrize("between", ["", "\n"])
def test_a_traceback_is_the_exception(between: str) -> None:
    try:
        raise KeyError("cart")  # noqa: TRY301 - what is logged
    except KeyError as error:
        text = between.join(traceback.format_exception(error))
    line = one_line(full_message=text)
    assert line.pop("exception").startswith("Traceback (most recent call last):\n  File ")
    assert line == {"exception_type": "KeyError", "exception_message": "'cart'"}

    line = one_line(full_message=f"more to say\n{text}")
    assert line["exception_type"] == "KeyError"
    assert line["full_message"] == f"more to say\n{text}"

    line = one_line(full_message=text, _exception="of the sender's")
    assert line == {"exception": "of the sender's", "full_message": text}


def test_what_a_container_wrote_is_understood() -> None:
    container = {"_container_id": "c1", "_container_name": "nginx", "level": 3}
    sent = [
        MESSAGE | container | {"short_message": "ERROR:root:failed"},
        MESSAGE,
        MESSAGE | container | {"short_message": "Traceback (most recent call last):"},
        MESSAGE | container | {"short_message": '  File "a.py", line 1'},
        MESSAGE | container | {"short_message": "KeyError: 1"},
        MESSAGE | container | {"short_message": "plain", "level": 6},
    ]
    decoded = decode(dumps(*sent))
    first, second, third = lines_of(decoded)
    assert decoded.rows == 3
    assert first == LINE
    assert (second["message"], second["level"], second["logger"]) == ("failed", "ERROR", "root")
    assert second["exception_type"] == "KeyError"
    assert second["container_name"] == "nginx"
    assert (third["message"], third["level"]) == ("plain", "INFO")


def test_a_level_of_a_containers_output_gives_way_to_that_of_the_line() -> None:
    sent = MESSAGE | {"_container_id": "c1", "short_message": '{"level":"debug","msg":"y"}'}
    (line,) = lines_of(decode(dumps(sent)))
    assert (line["level"], line["msg"]) == ("debug", "y")


def test_what_is_no_message_is_refused_by_itself() -> None:
    long = json.dumps({"short_message": "x" * limits.LINE_BYTES}).encode()
    decoded = decode([*dumps(MESSAGE), b"[1]", b'{"a":', b"", long, *dumps(MESSAGE)])
    assert lines_of(decoded) == [LINE, LINE]
    assert [(error.line, error.reason) for error in decoded.errors] == [
        (2, "invalid_json"),
        (3, "invalid_json"),
        (4, "invalid_json"),
        (5, "too_long"),
    ]


@pytest.mark.parametrize("sent", [b"\xff", rb"\ud83d"])
def test_what_is_no_character_is_replaced(sent: bytes) -> None:
    text = b'{"short_message":"' + sent + b'"}'
    assert lines_of(decode([text])) == [{"message": "\N{REPLACEMENT CHARACTER}"}]


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zlib.compress])
def test_a_body_has_one_message_or_several(compress: Any) -> None:
    one = json.dumps(MESSAGE, indent=2).encode()
    assert lines_of(decode_body(compress(one))) == [LINE]
    several = b"\n".join([*dumps(MESSAGE), b"", b"no", *dumps(MESSAGE)])
    decoded = decode_body(compress(several))
    assert lines_of(decoded) == [LINE, LINE]
    assert [error.line for error in decoded.errors] == [2]


@pytest.mark.parametrize("body", [b"", b"\n", b"[]", b"{", b"no\nno"])
def test_a_body_without_a_message_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidBodyError, match="nothing was taken"):
        decode_body(body)
