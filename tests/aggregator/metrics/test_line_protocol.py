"""The decoder of InfluxDB's line protocol."""

import math
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point

from aggregator import limits
from aggregator.metrics import line_protocol
from aggregator.metrics.line_protocol import Precision
from aggregator.metrics.samples import MetricType

WORDS = st.text(string.ascii_letters, min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_characters="\\\x00", codec="utf-8"), max_size=30)


def test_each_number_of_a_point_becomes_a_gauge() -> None:
    body = b'weather,city=Graz,room=a\\ b temperature=21.5,humidity=40i,count=7u,open=true,note="dry" 5\n'

    decoded = line_protocol.decode(body)

    assert decoded.errors == []
    assert decoded.not_numbers == 1
    assert {sample.name: sample.value for sample in decoded.samples} == {
        "weather_temperature": 21.5,
        "weather_humidity": 40.0,
        "weather_count": 7.0,
        "weather_open": 1.0,
    }
    assert {sample.labels for sample in decoded.samples} == {(("city", "Graz"), ("room", "a b"))}
    assert {sample.timestamp_ns for sample in decoded.samples} == {5}
    assert {sample.metric_type for sample in decoded.samples} == {MetricType.GAUGE}


@pytest.mark.parametrize(
    ("precision", "timestamp_ns"),
    [
        (Precision.NS, 1_700_000_000),
        (Precision.US, 1_700_000_000_000),
        (Precision.MS, 1_700_000_000_000_000),
        (Precision.S, 1_700_000_000_000_000_000),
    ],
)
def test_a_time_is_read_in_its_precision(precision: Precision, timestamp_ns: int) -> None:
    (sample,) = line_protocol.decode(b"m f=1 1700000000", precision).samples

    assert sample.timestamp_ns == timestamp_ns


def test_a_point_without_a_time_has_none() -> None:
    (sample,) = line_protocol.decode(b"m f=1").samples

    assert sample.timestamp_ns is None


def test_a_bad_line_is_named_and_the_others_kept() -> None:
    body = b"# a comment\nm f=1\n\nm f=\nm,a=b g=2\nm\xff h=3\nm i=1 yesterday\r\nm j=4\r\n"

    decoded = line_protocol.decode(body)

    assert [sample.name for sample in decoded.samples] == ["m_f", "m_g", "m_j"]
    assert [error.line for error in decoded.errors] == [4, 6, 7]


def test_a_text_field_may_hold_line_breaks() -> None:
    decoded = line_protocol.decode(b'm note="one\ntwo \\" \nthree",f=1\nm g=2\n')

    assert decoded.errors == []
    assert [sample.name for sample in decoded.samples] == ["m_f", "m_g"]


@pytest.mark.parametrize("end", [b"", b'm note="closed",i=3\n', b'm note="open\n'])
def test_an_unclosed_quote_costs_its_own_line_only(end: bytes) -> None:
    decoded = line_protocol.decode(b'm note="never closed\nm f=1\nm g=2\n' + end)

    assert [sample.name for sample in decoded.samples][:2] == ["m_f", "m_g"]
    assert decoded.errors[0].line == 1


def test_characters_that_prometheus_does_not_know_become_underscores() -> None:
    (sample,) = line_protocol.decode("°C,2nd-tag=x value=1".encode()).samples

    assert sample.name == "_C_value"
    assert sample.labels == (("_2nd_tag", "x"),)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"m,a=" + b"x" * (limits.LABEL_VALUE_CHARACTERS + 1) + b" f=1", "longer than 512 characters"),
        (b"m" * limits.METRIC_NAME_CHARACTERS + b" f=1", "metric name longer than"),
        (b'm f=1,g="' + b"x" * limits.POINT_BYTES + b'"', "longer than 65536 bytes"),
    ],
)
def test_a_point_outside_the_limits_is_refused_with_its_reason(line: bytes, message: str) -> None:
    decoded = line_protocol.decode(b"m before=1\n" + line + b"\nm after=2\n")

    assert [sample.name for sample in decoded.samples] == ["m_before", "m_after"]
    (error,) = decoded.errors
    assert error.line == 2
    assert message in error.message


def test_points_past_the_limit_of_a_push_are_refused() -> None:
    decoded = line_protocol.decode(b"m f=1\n" * (limits.PUSH_SAMPLES + 1))

    assert len(decoded.samples) == limits.PUSH_SAMPLES
    assert [error.line for error in decoded.errors] == [limits.PUSH_SAMPLES + 1]


@given(
    measurement=WORDS,
    tags=st.dictionaries(
        WORDS, TEXTS.filter(lambda text: text.strip() and not set(text) & set("\n\r\t")), max_size=4
    ),
    fields=st.dictionaries(
        WORDS,
        st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | TEXTS,
        min_size=1,
        max_size=5,
    ),
    timestamp_ns=st.integers(0, 2**62),
)
def test_whatever_the_influxdb_client_writes_comes_back(
    measurement: str,
    tags: dict[str, str],
    fields: dict[str, float | bool | str],
    timestamp_ns: int,
) -> None:
    point = Point.from_dict(
        {"measurement": measurement, "tags": tags, "fields": fields, "time": timestamp_ns}
    )

    decoded = line_protocol.decode(point.to_line_protocol().encode())

    numbers = {
        f"{measurement}_{name}": float(value) for name, value in fields.items() if not isinstance(value, str)
    }
    assert decoded.errors == []
    assert {sample.name: sample.value for sample in decoded.samples} == numbers
    assert decoded.not_numbers == len(fields) - len(numbers)
    assert all(sample.timestamp_ns == timestamp_ns for sample in decoded.samples)
    assert all(dict(sample.labels) == tags for sample in decoded.samples)


@given(st.binary(max_size=200) | st.text('mf,= "\\\n1i#', max_size=200).map(str.encode))
def test_any_bytes_give_finite_samples_or_named_lines(body: bytes) -> None:
    decoded = line_protocol.decode(body)

    assert all(1 <= error.line <= body.count(b"\n") + 1 and error.message for error in decoded.errors)
    assert all(math.isfinite(sample.value) for sample in decoded.samples)
