import asyncio
import logging
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler, ReadableLogRecord
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import TracerProvider

from ha_ingestor_logging import correlation, correlation_from_headers, current_correlation, get_logger
from tests.library.capturing import Capture
from tests.library.conftest import RunScript

tracer = TracerProvider().get_tracer("tests")


def ids(span: trace.Span) -> tuple[str, str]:
    context = span.get_span_context()
    return trace.format_trace_id(context.trace_id), trace.format_span_id(context.span_id)


def test_lines_carry_the_active_spans_ids(capture: Capture) -> None:
    log = get_logger()
    with tracer.start_as_current_span("outer") as outer:
        log.info("in the outer span")
        with tracer.start_as_current_span("inner") as inner:
            log.info("in the inner span")
    log.info("in none")
    first, second, third = capture()
    assert (first["trace_id"], first["span_id"]) == ids(outer)
    assert (second["trace_id"], second["span_id"]) == ids(inner)
    assert first["correlation_id"] == first["trace_id"] == second["trace_id"]
    assert "trace_id" not in third


def test_the_standard_librarys_lines_carry_them_too(capture: Capture) -> None:
    with tracer.start_as_current_span("span") as span:
        logging.getLogger("foreign").warning("line")
    (record,) = capture()
    assert (record["trace_id"], record["span_id"]) == ids(span)


def test_a_span_inside_a_correlation_gives_the_trace_and_leaves_the_rest(capture: Capture) -> None:
    with correlation("order-5", request_id="r-1", user="anna"), tracer.start_as_current_span("span") as span:
        get_logger().info("line")
        current = current_correlation()
    (record,) = capture()
    assert (record["trace_id"], record["span_id"]) == ids(span)
    assert (record["correlation_id"], record["request_id"], record["user"]) == ("order-5", "r-1", "anna")
    assert current is not None
    assert current.headers()["traceparent"].split("-")[1:3] == list(ids(span))


def test_a_correlation_that_nobody_named_is_the_spans_trace() -> None:
    with correlation(), tracer.start_as_current_span("span") as span:
        current = current_correlation()
    assert current is not None
    assert current.correlation_id == ids(span)[0]


def test_a_correlation_inside_a_span_continues_its_trace() -> None:
    with tracer.start_as_current_span("span") as span, correlation() as entered:
        assert entered.trace_id == ids(span)[0]


def test_an_instrumented_servers_span_wins_over_the_requests_headers() -> None:
    with tracer.start_as_current_span("request") as span:
        incoming = correlation_from_headers(
            {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "X-Correlation-ID": "c-1"}
        )
    assert (incoming.trace_id, incoming.span_id) == ids(span)
    assert incoming.correlation_id == "c-1"


async def test_spans_of_tasks_are_kept_apart(capture: Capture) -> None:
    log = get_logger()

    async def job(number: int) -> tuple[str, str]:
        with tracer.start_as_current_span("job") as span:
            await asyncio.sleep(0.01)
            log.info("line", number=number)
            return ids(span)

    expected = await asyncio.gather(*(job(number) for number in range(5)))
    records = sorted(capture(), key=lambda record: record["number"])
    assert [(record["trace_id"], record["span_id"]) for record in records] == expected


@pytest.mark.parametrize("half_imported", [object(), None])
def test_another_versions_module_costs_only_the_ids(
    monkeypatch: pytest.MonkeyPatch, capture: Capture, half_imported: object
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", half_imported)
    with correlation("c-1"):
        get_logger().info("line")
    (record,) = capture()
    assert record["correlation_id"] == "c-1"


def test_it_is_not_imported_by_the_library(run_script: RunScript) -> None:
    done = run_script("""
        import sys
        import ha_ingestor_logging as log
        log.configure(service="s")
        with log.correlation():
            log.get_logger().info("line")
        assert log.flush()
        assert not [name for name in sys.modules if name.startswith("opentelemetry")]
    """)
    assert (done.returncode, done.stderr) == (0, "")


class LoggingExporter(LogRecordExporter):
    """Logs while it exports, as its HTTP client would."""

    def __init__(self) -> None:
        self.exported: list[str] = []
        self.released = threading.Event()

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        logging.getLogger("exporter").warning("exporting %d", len(batch))
        get_logger("exporter").warning("exporting", batch=len(batch))
        self.exported += [str(record.log_record.body) for record in batch]
        return LogRecordExportResult.SUCCESS

    def shutdown(self) -> None:
        self.released.set()

    def force_flush(self, timeout_millis: int = 10_000) -> bool:
        return timeout_millis > 0


@pytest.fixture
def exporter() -> Iterator[LoggingExporter]:
    """OpenTelemetry's own handler beside ours on the root logger."""
    exporter = LoggingExporter()
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=10))
    handler = LoggingHandler(logger_provider=provider)
    logging.getLogger().addHandler(handler)
    yield exporter
    logging.getLogger().removeHandler(handler)
    provider.shutdown()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_opentelemetrys_handler_beside_ours_neither_recurses_nor_deadlocks(
    capture: Capture, exporter: LoggingExporter
) -> None:
    for number in range(50):
        logging.getLogger("foreign").warning("line %d", number)
    deadline = time.monotonic() + 30
    while len([body for body in exporter.exported if body.startswith("line")]) < 50:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    records = [record for record in capture() if record["logger"] == "foreign"]
    assert [record["message"] for record in records] == [f"line {number}" for number in range(50)]
