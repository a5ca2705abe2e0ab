"""The decoder of the Prometheus text format."""

import math
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest

from aggregator import limits
from aggregator.metrics import exposition
from aggregator.metrics.samples import LineError, MetricType

NAMES = st.text(string.ascii_letters + "_", min_size=1, max_size=30).filter(lambda name: name != "_")
LABEL_VALUES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


def test_reads_what_the_python_client_writes() -> None:
    registry = CollectorRegistry()
    Counter("ha_ingestor_events", "Events.", ["kind"], registry=registry).labels("state").inc(3)
    Gauge("queue_depth", "Depth.", registry=registry).set(-2.5)
    Histogram("write_seconds", "Writes.", buckets=(0.1, 1.0), registry=registry).observe(0.5)
    Summary("read_seconds", "Reads.", registry=registry).observe(2)

    decoded = exposition.decode(generate_latest(registry))

    assert decoded.errors == []
    found = {
        (sample.name, sample.labels): (sample.value, sample.metric_type, sample.family)
        for sample in decoded.samples
        if not sample.name.endswith("_created")
    }
    assert found == {
        ("ha_ingestor_events_total", (("kind", "state"),)): (
            3.0,
            MetricType.COUNTER,
            "ha_ingestor_events_total",
        ),
        ("queue_depth", ()): (-2.5, MetricType.GAUGE, "queue_depth"),
        ("write_seconds_bucket", (("le", "0.1"),)): (0.0, MetricType.HISTOGRAM, "write_seconds"),
        ("write_seconds_bucket", (("le", "1.0"),)): (1.0, MetricType.HISTOGRAM, "write_seconds"),
        ("write_seconds_bucket", (("le", "+Inf"),)): (1.0, MetricType.HISTOGRAM, "write_seconds"),
        ("write_seconds_count", ()): (1.0, MetricType.HISTOGRAM, "write_seconds"),
        ("write_seconds_sum", ()): (0.5, MetricType.HISTOGRAM, "write_seconds"),
        ("read_seconds_count", ()): (1.0, MetricType.SUMMARY, "read_seconds"),
        ("read_seconds_sum", ()): (2.0, MetricType.SUMMARY, "read_seconds"),
    }


def test_a_bad_line_is_named_and_the_others_kept() -> None:
    decoded = exposition.decode(b'good 1\n\nbad{a="b" 2\nalso_good{a="b"} 3\nworse\n')

    assert [(sample.name, sample.value) for sample in decoded.samples] == [("good", 1.0), ("also_good", 3.0)]
    assert [error.line for error in decoded.errors] == [3, 5]
    assert decoded.errors_total == 2


def test_only_the_first_hundred_bad_lines_are_named_and_all_counted() -> None:
    decoded = exposition.decode(b"bad\n" * 250)

    assert len(decoded.errors) == 100
    assert decoded.errors_total == 250


def test_a_type_without_help_and_a_help_after_the_type_both_hold() -> None:
    decoded = exposition.decode(b"# TYPE a gauge\n# HELP a Text.\na 1\nb 2\n# TYPE c nonsense\nc 3\n")

    assert [sample.metric_type for sample in decoded.samples] == [
        MetricType.GAUGE,
        MetricType.UNTYPED,
        MetricType.UNTYPED,
    ]


@pytest.mark.parametrize("name", ["requests", "requests_total"])
def test_a_counter_is_one_with_and_without_its_suffix(name: str) -> None:
    decoded = exposition.decode(f"# TYPE {name} counter\n{name} 4\n".encode())

    assert [(sample.name, sample.metric_type) for sample in decoded.samples] == [(name, MetricType.COUNTER)]


def test_not_a_number_and_infinities_are_values() -> None:
    decoded = exposition.decode(b"a NaN\nb +Inf\nc -Inf\n")

    values = [sample.value for sample in decoded.samples]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"a 1 1700000000000", "timestamp"),
        (b"a\xff 1", "not UTF-8"),
        (b'a{b="' + b"x" * limits.LABEL_VALUE_CHARACTERS + b'y"} 1', "longer than 512 characters"),
        (b"a" * (limits.METRIC_NAME_CHARACTERS + 1) + b" 1", "metric name longer than"),
        (b'a{b="' + b"x" * limits.METRIC_LINE_BYTES + b'"} 1', "longer than 8192 bytes"),
        (
            b"a{" + b",".join(b'l%d="x"' % n for n in range(limits.LABELS + 1)) + b"} 1",
            "more than 32 labels",
        ),
        (b"a " + b"9" * 400, "too large"),
        (b'{ ="x"} 1', "label"),
    ],
)
def test_a_line_outside_the_limits_is_refused_with_its_reason(line: bytes, message: str) -> None:
    decoded = exposition.decode(b"before 1\n" + line + b"\nafter 2\n")

    assert [sample.name for sample in decoded.samples] == ["before", "after"]
    (error,) = decoded.errors
    assert error.line == 2
    assert message in error.message


def test_samples_past_the_limit_of_a_push_are_refused() -> None:
    lines = limits.PUSH_SAMPLES + 2
    decoded = exposition.decode(b"a 1\n" * lines)

    assert len(decoded.samples) == limits.PUSH_SAMPLES
    assert decoded.errors == [
        LineError(limits.PUSH_SAMPLES + extra, "more than 20000 samples in one push") for extra in (1, 2)
    ]


def test_a_body_of_hostile_lines_takes_seconds_at_most() -> None:
    line = b'a{b="' + b'\\"' * ((limits.METRIC_LINE_BYTES - 20) // 2) + b'"} 1\n'
    comment = b"# TYPE" + b" " * (limits.METRIC_LINE_BYTES - 10) + b"\n"
    lines = limits.PUSH_BYTES // limits.METRIC_LINE_BYTES // 8

    start = time.process_time()
    exposition.decode(line * lines + comment * lines)

    assert time.process_time() - start < 2.0


@given(
    series=st.lists(
        st.tuples(
            NAMES,
            st.dictionaries(
                NAMES.filter(lambda name: not name.startswith("__") and name != "le"),
                LABEL_VALUES,
                max_size=4,
            ),
            st.floats(allow_nan=False),
        ),
        max_size=8,
        unique_by=lambda one: one[0],
    )
)
def test_whatever_the_python_client_writes_comes_back(
    series: list[tuple[str, dict[str, str], float]],
) -> None:
    registry = CollectorRegistry()
    for name, labels, value in series:
        gauge = Gauge(name, "Text.", list(labels), registry=registry)
        (gauge.labels(**labels) if labels else gauge).set(value)

    decoded = exposition.decode(generate_latest(registry))

    assert decoded.errors == []
    assert {(sample.name, sample.labels, sample.value) for sample in decoded.samples} == {
        (name, tuple(sorted(labels.items())), value) for name, labels, value in series
    }


@given(st.binary(max_size=200) | st.text('ab_{}=",\\# \t1.eTYPEN\n', max_size=200).map(str.encode))
def test_any_bytes_give_samples_or_named_lines(body: bytes) -> None:
    decoded = exposition.decode(body)

    assert len(decoded.samples) + decoded.errors_total <= body.count(b"\n") + 1
    assert all(1 <= error.line <= body.count(b"\n") + 1 and error.message for error in decoded.errors)
