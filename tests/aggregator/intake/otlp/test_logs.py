"""OpenTelemetry's log records, in both encodings."""

import contextlib
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake.decoded import Decoded
from aggregator.intake.otlp import json_logs, protobuf_logs
from tests.aggregator.intake.otlp.requests import as_json, as_protobuf, logs, record

Encoding = tuple[Callable[..., bytes], Callable[[bytes], Decoded]]

ENCODINGS: dict[str, Encoding] = {
    "json": (as_json, json_logs.decode),
    "protobuf": (as_protobuf, protobuf_logs.decode),
}
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
names = st.one_of(
    texts, st.sampled_from(["message", "level", "trace_id", "logger", "uid", "service.name", "a", "a.b", ""])
)
scalars = st.one_of(
    st.none(), texts, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(), st.binary(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(names, values, max_size=3)
times = st.one_of(st.just(0), st.integers(0, 2**63 - 1)).map(str)
records = st.builds(
    lambda body, attributes, **fields: record(body, attributes=attributes, **fields),
    values,
    objects,
    timeUnixNano=times,
    observedTimeUnixNano=times,
    severityNumber=st.integers(0, 24),
    severityText=st.one_of(texts, st.sampled_from(["INFO", "Warn", "NOTICE"])),
    traceId=st.sampled_from(["", TRACE_ID]),
    spanId=st.sampled_from(["", SPAN_ID]),
    flags=st.integers(0, 2),
    eventName=texts,
    droppedAttributesCount=st.integers(0, 2),
)
requests = st.lists(
    st.builds(
        lambda sent, resource, scope: logs(*sent, resource=resource, scope=scope),
        st.lists(records, max_size=2),
        objects,
        st.builds(lambda name, attributes: {"name": name, "attributes": attributes}, texts, objects),
    ),
    max_size=2,
)


@pytest.fixture(params=ENCODINGS)
def encoding(request: pytest.FixtureRequest) -> Encoding:
    return ENCODINGS[request.param]


def lines_of(decoded: Decoded) -> list[dict[str, Any]]:
    return [json.loads(line, object_pairs_hook=unique) for line in decoded.lines.split(b"\n")[:-1]]


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), "a name came twice"
    return dict(pairs)


def one_line(encoding: Encoding, *resource_logs: dict[str, Any]) -> dict[str, Any]:
    encode, decode = encoding
    (line,) = lines_of(decode(encode(*resource_logs)))
    return line


def said(line: dict[str, Any]) -> dict[str, Any]:
    """What a line has besides what `record` gives it."""
    common = {"timestamp": 5, "level": "INFO", "message": "x"}
    return {name: value for name, value in line.items() if common.get(name) != value}


@given(requests)
def test_both_encodings_say_the_same(sent: list[dict[str, Any]]) -> None:
    from_json = json_logs.decode(as_json(*sent))
    from_protobuf = protobuf_logs.decode(as_protobuf(*sent))
    assert not from_json.errors
    assert from_json.rows == sum(len(one["scopeLogs"][0]["logRecords"]) for one in sent)
    assert from_protobuf.rows == from_json.rows
    assert lines_of(from_protobuf) == lines_of(from_json)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_error(body: bytes) -> None:
    for decode in (json_logs.decode, protobuf_logs.decode):
        with contextlib.suppress(InvalidBodyError):
            decode(body)


@given(requests, st.integers(0), st.binary(min_size=1, max_size=3))
def test_damaged_bodies_raise_nothing_but_our_error(
    sent: list[dict[str, Any]], place: int, damage: bytes
) -> None:
    for encode, decode in ENCODINGS.values():
        body = encode(*sent)
        at = place % (len(body) + 1)
        with contextlib.suppress(InvalidBodyError):
            decoded = decode(body[:at] + damage + body[at + len(damage) :])
            assert len(list(map(json.loads, decoded.lines.split(b"\n")[:-1]))) == decoded.rows


def test_a_record_is_a_line(encoding: Encoding) -> None:
    line = one_line(
        encoding,
        logs(
            record(
                "paid",
                timeUnixNano="1764410400123456789",
                observedTimeUnixNano="1764410400123456790",
                severityNumber=17,
                severityText="ERROR",
                attributes={"amount": 1.5, "log.record.uid": "u-1", "exception.type": "TimeoutError"},
                traceId=TRACE_ID,
                spanId=SPAN_ID,
                flags=1,
                eventName="payment",
                droppedAttributesCount=2,
            ),
            resource={"service.name": "shop", "host.name": "pi", "service.version": "1.2"},
            scope={"name": "shop.cart", "version": "3", "attributes": {"thread": "main"}},
        ),
    )
    assert line == {
        "timestamp": 1764410400123456789,
        "observed": 1764410400123456790,
        "level": "ERROR",
        "message": "paid",
        "service.name": "shop",
        "host.name": "pi",
        "service.version": "1.2",
        "logger": "shop.cart",
        "scope.version": "3",
        "thread": "main",
        "amount": 1.5,
        "log.record.uid": "u-1",
        "exception.type": "TimeoutError",
        "trace_id": TRACE_ID,
        "span_id": SPAN_ID,
        "trace_flags": 1,
        "event_name": "payment",
        "dropped_attributes_count": 2,
    }


@pytest.mark.parametrize(
    "value",
    ["text", "", 7, -1, 2**62, 1.5, True, False, [1, "a", [None]], {"a": {"b": [1]}}, "ä" * 100, "x" * 300],
)
def test_values_stay_what_they_are(encoding: Encoding, value: object) -> None:
    line = one_line(encoding, logs(record(attributes={"a": value}), resource={"r": value}))
    assert (line["a"], line["r"]) == (value, value)


@pytest.mark.parametrize(
    ("value", "written"),
    [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (b"\xff\x00", "/wA=")],
)
def test_what_json_has_no_value_for_is_text(encoding: Encoding, value: object, written: str) -> None:
    assert one_line(encoding, logs(record(attributes={"a": value})))["a"] == written


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        (1, "", {"level": "TRACE"}),
        (5, "DEBUG", {"level": "DEBUG"}),
        (9, "Information", {"level": "INFO"}),
        (13, "WARN", {"level": "WARNING"}),
        (10, "NOTICE", {"level": "INFO", "severity_number": 10}),
        (21, "fatal", {"level": "CRITICAL"}),
        (17, "Emergency", {"level": "ERROR", "severity_text": "Emergency"}),
        (17, "bad", {"level": "ERROR", "severity_text": "bad"}),
        (0, "warn", {"level": "warn"}),
        (99, "", {"level": 99, "severity_number": 99}),
    ],
)
def test_severities(encoding: Encoding, number: int, text: str, expected: dict[str, Any]) -> None:
    line = one_line(encoding, logs(record(severityNumber=number, severityText=text)))
    assert line == {"timestamp": 5, "message": "x"} | expected


def test_the_time_observed_stands_in_for_one_that_is_not_known(encoding: Encoding) -> None:
    assert one_line(encoding, logs(record(timeUnixNano="0", observedTimeUnixNano="7")))["timestamp"] == 7
    assert one_line(encoding, logs(record(timeUnixNano="0")))["timestamp"] is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"msg": "paid", "amount": 5, "uid": 3}, {"msg": "paid", "amount": 5, "body.uid": 3}),
        ({"amount": 5}, {"amount": 5, "message": '{"amount":5}'}),
        ({"room": "attic", "msg": "y"}, {"body.room": "attic", "msg": "y"}),
        ([1, 2], {"message": [1, 2]}),
        (5, {"message": 5}),
        (None, {}),
    ],
)
def test_bodies_that_are_no_text(encoding: Encoding, body: object, expected: dict[str, Any]) -> None:
    line = one_line(encoding, logs(record(body, attributes={"room": "cellar"})))
    assert line == {"timestamp": 5, "level": "INFO", "room": "cellar"} | expected


def test_of_several_values_by_one_name_the_records_own_goes_first(encoding: Encoding) -> None:
    line = one_line(
        encoding,
        logs(
            record(attributes={"a": 1, "message": 2, "level": 3, "uid": 4, "logger": 5}),
            resource={"a": 6, "b": 7, "uid": 8},
            scope={"name": "n", "attributes": {"a": 9, "b": 10}},
        ),
    )
    assert said(line) == {
        "a": 1,
        "attribute.message": 2,
        "attribute.level": 3,
        "sent_uid": 4,
        "logger": 5,
        "scope.a": 9,
        "b": 10,
        "scope.logger": "n",
        "resource.a": 6,
        "resource.b": 7,
        "resource.sent_uid": 8,
    }


def test_an_attribute_is_the_message_of_a_record_without_a_body(encoding: Encoding) -> None:
    line = one_line(encoding, logs(record(None, attributes={"message": "y"})))
    assert said(line) == {"message": "y"}


def test_text_without_a_severity_is_understood(encoding: Encoding) -> None:
    encode, decode = encoding
    sent = [
        record("ERROR:root:failed", severityNumber=0, attributes={"log.file.name": "app.log"}),
        record("Traceback (most recent call last):", severityNumber=0),
        record('  File "a.py", line 1', severityNumber=0),
        record("KeyError: 1", severityNumber=0),
        record("ERROR:root:as it is"),
    ]
    decoded = decode(encode(logs(*sent, resource={"service.name": "shop"})))
    first, second = lines_of(decoded)
    assert decoded.rows == 2
    assert (first["message"], first["level"]) == ("ERROR:root:as it is", "INFO")
    assert (second["message"], second["level"], second["logger"]) == ("failed", "ERROR", "root")
    assert (second["exception_type"], second["log.file.name"]) == ("KeyError", "app.log")
    assert (second["service.name"], second["timestamp"]) == ("shop", 5)


def test_a_record_that_is_too_long_is_refused_by_itself(encoding: Encoding) -> None:
    encode, decode = encoding
    long = "ä" * limits.LINE_BYTES
    sent = logs(record("a"), record(long), record(attributes={"b": long}), record(long, severityNumber=0))
    decoded = decode(encode(sent, logs(record("c"))))
    assert [line["message"] for line in lines_of(decoded)] == ["a", "c"]
    assert [(error.line, error.reason) for error in decoded.errors] == [(at, "too_long") for at in (2, 3, 4)]


def test_attributes_beyond_those_that_are_known_are_read_too(
    encoding: Encoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KNOWN_ATTRIBUTES", 1)
    line = one_line(encoding, logs(record(attributes={"a": 1, "b": "c", "d": 2.5})))
    assert said(line) == {"a": 1, "b": "c", "d": 2.5}


def test_text_of_protobuf_that_is_not_utf8_is_replaced() -> None:
    body = as_protobuf(
        logs(
            record("A" * 9, severityText="B", attributes={"C": "D", "nE": {"F": ["G" * 200]}}),
            scope={"name": "H"},
        )
    )
    for letter in b"ABCDEFGH":
        body = body.replace(bytes([letter]), b"\xff")
    replaced = "\N{REPLACEMENT CHARACTER}"
    (line,) = lines_of(protobuf_logs.decode(body))
    assert line["message"] == replaced * 9
    assert (line["severity_text"], line["logger"]) == (replaced, replaced)
    assert line[replaced] == replaced
    assert line["n" + replaced] == {replaced: [replaced * 200]}


def test_json_may_have_numbers_for_times_and_null_for_what_is_not_there() -> None:
    sent = {"timeUnixNano": 1764410400123456789, "severityNumber": 9, "body": {"stringValue": "x"}}
    sent |= dict.fromkeys(["attributes", "traceId", "severityText", "flags", "observedTimeUnixNano"])
    body = {"resourceLogs": [{"resource": None, "scopeLogs": [{"scope": None, "logRecords": [sent]}]}]}
    (line,) = lines_of(json_logs.decode(json.dumps(body).encode()))
    assert line == {"timestamp": 1764410400123456789, "level": "INFO", "message": "x"}


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({"severityNumber": "SEVERITY_NUMBER_INFO"}, "severityNumber"),
        ({"timeUnixNano": "soon"}, "timeUnixNano"),
        ({"traceId": "CvdlGRbNQ92ESOshHIAxnA=="}, "traceId"),
        ({"body": "x"}, "body"),
        ({"attributes": {"a": 1}}, "attributes"),
        ({"attributes": [{"key": 5}]}, "key"),
    ],
)
def test_what_json_may_not_have_is_refused_with_its_place(sent: dict[str, Any], where: str) -> None:
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [sent]}]}]}
    with pytest.raises(InvalidBodyError, match=where):
        json_logs.decode(json.dumps(body).encode())


def test_values_that_are_nested_too_deeply_are_refused() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    request = ExportLogsServiceRequest()
    inner = request.resource_logs.add().scope_logs.add().log_records.add().body
    for _ in range(200):
        inner = inner.array_value.values.add()
    with pytest.raises(InvalidBodyError):
        protobuf_logs.decode(request.SerializeToString())
    deep = b'{"resourceLogs":' + b"[" * 100_000
    with pytest.raises(InvalidBodyError):
        json_logs.decode(deep)
