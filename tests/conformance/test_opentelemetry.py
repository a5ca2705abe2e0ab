"""OpenTelemetry's SDK for Python and our own library, unchanged, by OTLP."""

import logging
import os
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.json.http import _log_exporter as json_http
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as proto_http
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from ha_ingestor_logging import configure, flush, get_logger, shutdown
from tests.aggregator.running_aggregator import Aggregator

Make = Callable[[Aggregator], LogRecordExporter]


def headers(aggregator: Aggregator) -> dict[str, str]:
    return {"Authorization": f"Bearer {aggregator.token('ingest')}"}


EXPORTERS: dict[str, Make] = {
    "protobuf": lambda aggregator: proto_http.OTLPLogExporter(
        f"{aggregator.intake_url}/v1/logs", headers=headers(aggregator)
    ),
    "protobuf, gzip": lambda aggregator: proto_http.OTLPLogExporter(
        f"{aggregator.intake_url}/v1/logs", headers=headers(aggregator), compression=Compression.Gzip
    ),
    "json": lambda aggregator: json_http.OTLPLogExporter(
        endpoint=f"{aggregator.intake_url}/v1/logs", headers=headers(aggregator)
    ),
}


# It has moved to a package of its own, and is the same.
@pytest.mark.filterwarnings("ignore:`LoggingHandler`:DeprecationWarning")
@pytest.mark.parametrize("make", EXPORTERS.values(), ids=EXPORTERS)
def test_opentelemetry_for_python(aggregator: Aggregator, make: Make) -> None:
    mark = os.urandom(8).hex()
    resource = Resource.create({"service.name": "shop", "service.version": "1.2", "host.name": "pi"})
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(make(aggregator)))
    handler = LoggingHandler(logger_provider=provider)
    logger = logging.getLogger("shop.cart")
    logger.addHandler(handler)
    try:
        with TracerProvider().get_tracer("test").start_as_current_span("pay") as span:
            logger.warning("%s first", mark, extra={"amount": 1.5, "room.name": "attic"})
            context = span.get_span_context()
        try:
            raise TimeoutError("too slow")  # noqa: TRY301 - what is logged
        except TimeoutError:
            logger.exception("%s second", mark)
        assert provider.force_flush()
    finally:
        logger.removeHandler(handler)
        provider.shutdown()

    first, second = aggregator.wait_for(mark, 2)
    common = {
        "service": "shop",
        "host": "pi",
        "logger": "shop.cart",
        "service.version": "1.2",
        "source": "otlp",
    }
    assert (common | {"level": "WARNING", "message": f"{mark} first"}).items() <= first.items()
    assert (first["amount"], first["room.name"]) == (1.5, "attic")
    assert first["trace_id"] == trace.format_trace_id(context.trace_id)
    assert first["span_id"] == trace.format_span_id(context.span_id)
    assert (common | {"level": "ERROR", "message": f"{mark} second"}).items() <= second.items()
    assert (second["exception_type"], second["exception_message"]) == ("TimeoutError", "too slow")
    assert "Traceback" in second["exception"]
    age = datetime.now().astimezone() - datetime.fromisoformat(first["timestamp"])
    assert -1 < age.total_seconds() < 60


@pytest.fixture
def _stopped_library() -> Iterator[None]:
    yield
    shutdown(5)


@pytest.mark.usefixtures("_stopped_library")
def test_our_own_library(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    configure(
        service="shop",
        service_version="1.2",
        output="otlp",
        otlp_endpoint=aggregator.intake_url,
        otlp_headers=headers(aggregator),
    )
    log = get_logger("shop.cart")
    log.warning(
        "first", mark=mark, amount=1.5, parts={"wheels": [1, 2]}, trace_id="0af7651916cd43dd8448eb211c80319c"
    )
    try:
        raise TimeoutError("too slow")  # noqa: TRY301 - what is logged
    except TimeoutError:
        log.exception("second", mark=mark)
    assert flush(10)

    first, second = aggregator.wait_for(f"mark:{mark}", 2)
    common = {"service": "shop", "logger": "shop.cart", "service.version": "1.2", "source": "otlp"}
    assert (common | {"level": "WARNING", "message": "first"}).items() <= first.items()
    assert (first["amount"], first["parts"]) == (1.5, {"wheels": [1, 2]})
    assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert (common | {"level": "ERROR", "message": "second"}).items() <= second.items()
    assert second["exception_type"] == "TimeoutError"
    assert first["uid"] != second["uid"]
