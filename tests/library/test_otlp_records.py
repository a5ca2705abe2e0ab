import json
import logging
from contextvars import Context
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from ha_ingestor_logging.levels import ERROR
from ha_ingestor_logging.otlp_records import OtlpEncoder
from ha_ingestor_logging.rendering import Renderer
from tests.library.recording_otlp_receiver import attributes, plain

LINE = {
    "timestamp": "2026-11-23T10:00:00.123456789Z",
    "level": "INFO",
    "service": "garden",
    "host": "pi",
    "logger": "pack.module",
    "message": "valve opened",
    "uid": "64a96cfd4266fab1-0",
}
AT_NS = 1_795_428_000_123_456_789

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=5)
    ),
    max_leaves=15,
)


def export(*lines: dict[str, Any], version: str | None = None) -> ExportLogsServiceRequest:
    text = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
    return ExportLogsServiceRequest.FromString(OtlpEncoder(version).encode(text))


def record(**fields: Any) -> LogRecord:
    (resource,) = export({**LINE, **fields}).resource_logs
    return resource.scope_logs[0].log_records[0]


def attributes_of(**fields: Any) -> dict[str, Any]:
    found = attributes(record(**fields).attributes)
    del found["log.record.uid"]
    return found


def test_a_line_has_its_places_in_the_data_model() -> None:
    (resource,) = export(LINE, version="1.2.3").resource_logs
    assert attributes(resource.resource.attributes) == {
        "service.name": "garden",
        "service.version": "1.2.3",
        "host.name": "pi",
        "telemetry.sdk.name": "ha-ingestor-logging",
        "telemetry.sdk.language": "python",
    }
    (scope,) = resource.scope_logs
    assert scope.scope.name == "pack.module"
    (made,) = scope.log_records
    assert made.time_unix_nano == made.observed_time_unix_nano == AT_NS
    assert (made.severity_number, made.severity_text) == (9, "INFO")
    assert plain(made.body) == "valve opened"
    assert attributes(made.attributes) == {"log.record.uid": "64a96cfd4266fab1-0"}
    assert (made.trace_id, made.span_id) == (b"", b"")


@pytest.mark.parametrize(
    ("level", "number"),
    [("TRACE", 1), ("DEBUG", 5), ("INFO", 9), ("WARNING", 13), ("ERROR", 17), ("CRITICAL", 21)],
)
def test_each_level_has_its_severity(level: str, number: int) -> None:
    made = record(level=level)
    assert (made.severity_number, made.severity_text) == (number, level)


def test_the_trace_context_is_bytes() -> None:
    made = record(trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331")
    assert made.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert made.span_id.hex() == "b7ad6b7169203331"
    assert list(attributes(made.attributes)) == ["log.record.uid"]


@pytest.mark.parametrize("other", ["", "abc", "0" * 32, "x" * 32, 7, None, "ab " * 10 + "ab"])
def test_what_is_no_trace_of_opentelemetrys_is_kept_as_it_is(other: object) -> None:
    made = record(trace_id=other)
    assert made.trace_id == b""
    assert attributes(made.attributes)["trace_id"] == other


def test_fields_have_the_names_of_the_semantic_conventions() -> None:
    assert attributes_of(
        exception="Traceback …",
        exception_type="ValueError",
        exception_message="bad",
        exception_chain=[{"type": "ValueError", "message": "bad"}],
        pathname="/app/main.py",
        func_name="run",
        lineno=7,
        user="anna",
        correlation_id="c",
    ) == {
        "exception.stacktrace": "Traceback …",
        "exception.type": "ValueError",
        "exception.message": "bad",
        "exception_chain": [{"type": "ValueError", "message": "bad"}],
        "code.file.path": "/app/main.py",
        "code.function.name": "run",
        "code.line.number": 7,
        "user.id": "anna",
        "correlation_id": "c",
    }


def test_a_field_of_another_type_keeps_its_name() -> None:
    assert attributes_of(lineno="seven", user={"name": "anna"}) == {
        "lineno": "seven",
        "user": {"name": "anna"},
    }


def test_a_name_that_is_taken_is_not_used_twice() -> None:
    assert attributes_of(**{"user": "anna", "user.id": "u-1"}) == {"user": "anna", "user.id": "u-1"}


@given(VALUES)
def test_every_value_keeps_its_type(value: Any) -> None:
    assert attributes_of(value=value) == {"value": value}


def test_an_integer_of_64_unsigned_bits_is_text() -> None:
    assert attributes_of(value=2**63) == {"value": str(2**63)}


def test_a_value_that_is_nested_too_deep_is_text_at_its_depth() -> None:
    value: Any = "x"
    for _ in range(200):
        value = [value]
    found = attributes_of(value=value)["value"]
    depth = 0
    while isinstance(found, list):
        (found,) = found
        depth += 1
    assert depth == 24
    assert json.loads(found) is not None


def test_lines_are_grouped_by_service_and_logger_in_their_order() -> None:
    lines = [
        {**LINE, "service": service, "logger": logger, "message": str(number)}
        for number, (service, logger) in enumerate([("a", "x"), ("a", "y"), ("b", "x"), ("a", "x")])
    ]
    found = {
        (attributes(resource.resource.attributes)["service.name"], scope.scope.name): [
            plain(made.body) for made in scope.log_records
        ]
        for resource in export(*lines).resource_logs
        for scope in resource.scope_logs
    }
    assert found == {("a", "x"): ["0", "3"], ("a", "y"): ["1"], ("b", "x"): ["2"]}


@pytest.mark.parametrize("timestamp", ["", "now", "2026-13-23T10:00:00.1Z", "2026-11-23T10:00:00Z", 7])
def test_a_time_that_cannot_be_read_is_unknown(timestamp: object) -> None:
    assert record(timestamp=timestamp).time_unix_nano == 0


@given(st.dictionaries(st.sampled_from([*LINE, "trace_id", "span_id", "exception", "user"]), VALUES))
def test_no_line_is_too_odd(fields: dict[str, Any]) -> None:
    assert len(export(fields, LINE).resource_logs) >= 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_line_reads_as_that_of_opentelemetrys_own_handler() -> None:
    encoder = pytest.importorskip("opentelemetry.exporter.otlp.proto.common._log_encoder")
    sdk = pytest.importorskip("opentelemetry.sdk._logs")
    export_sdk = pytest.importorskip("opentelemetry.sdk._logs.export")
    exporter = export_sdk.InMemoryLogRecordExporter()
    provider = sdk.LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(export_sdk.SimpleLogRecordProcessor(exporter))
    logger = logging.Logger("pack.module", logging.DEBUG)  # noqa: LOG001 - apart from the root logger
    logger.addHandler(sdk.LoggingHandler(logger_provider=provider))
    fields = {"entity_id": "sensor.soil", "n": 1, "share": 0.5, "on": True, "list": ["a"], "map": {"k": 1}}
    try:
        int("bad")
    except ValueError as caught:
        error = caught
    exc_info = (ValueError, error, error.__traceback__)
    logger.error("refused", extra=fields, exc_info=exc_info)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.CRITICAL):
        logger.log(level, "line")
    (resource,) = encoder.encode_logs(exporter.get_finished_logs()).resource_logs
    theirs = resource.scope_logs[0].log_records
    renderer = Renderer("service", "host")
    rendered = renderer.render(
        (
            AT_NS,
            ERROR,
            "pack.module",
            Context(),
            {},
            "refused",
            (),
            {**fields, "exc_info": exc_info},
        )
    )
    assert rendered is not None
    (ours,) = (
        ExportLogsServiceRequest.FromString(OtlpEncoder(None).encode(rendered))
        .resource_logs[0]
        .scope_logs[0]
        .log_records
    )
    assert (plain(ours.body), ours.severity_number) == (plain(theirs[0].body), theirs[0].severity_number)
    expected = {
        name: value
        for name, value in attributes(theirs[0].attributes).items()
        if not name.startswith("code.")  # our own loggers don't look where they are called
    }
    found = attributes(ours.attributes)
    for made in (expected, found):
        made["exception.stacktrace"] = made["exception.stacktrace"].rstrip("\n")
    del found["log.record.uid"]
    assert found == expected
    assert [record(level=logging.getLevelName(level)).severity_number for level in (10, 20, 30, 50)] == [
        made.severity_number for made in theirs[1:]
    ]
