"""The same log line, written by this library and by what a service would use in its place.

One of its fields is a text that no line before had, as identifiers are: what a library remembers of earlier
lines helps it with the others only.

Each program carries a correlation or trace ID where it has a way to. The others write to a file in the
caller's thread; OpenTelemetry, like this library, batches, compresses and sends from threads of its own.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

_MESSAGE: Final = "state_changed event processed"
_FIELDS: Final[dict[str, Any]] = {"entity_id": "sensor.kitchen", "domain": "sensor", "value": 21.5}

type Call = Callable[[], object]
type LogCall = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is ready to log.

    Args:
        call: logs the line with this identifier.
        disabled: logs it at a level that is not taken.
        finish: waits until all lines have been delivered.
    """

    call: LogCall
    disabled: Call
    finish: Callable[[], bool]


def standard_library(file: Path, _url: str) -> Program:
    """The standard library's text formatter, to a file."""
    return _standard_library(
        logging.FileHandler(file),
        logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"),
        lambda logger, request: logger.info(
            "state_changed event processed entity_id=%s domain=%s value=%s request=%s",
            "sensor.kitchen",
            "sensor",
            21.5,
            request,
        ),
    )


def python_json_logger(file: Path, _url: str) -> Program:
    """python-json-logger with orjson, to a file."""
    from pythonjsonlogger.orjson import OrjsonFormatter

    formatter = OrjsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    return _standard_library(
        logging.FileHandler(file),
        formatter,
        lambda logger, request: logger.info(_MESSAGE, extra={**_FIELDS, "request": request}),
    )


def structlog_orjson(file: Path, _url: str) -> Program:
    """Plain structlog with orjson, to a file."""
    logger = structlog.wrap_logger(
        structlog.BytesLogger(file.open("wb")),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: orjson.dumps(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    ).bind()
    structlog.contextvars.bind_contextvars(correlation_id="c-1")
    return Program(
        call=lambda request: logger.info(
            "state_changed event processed",
            entity_id="sensor.kitchen",
            domain="sensor",
            value=21.5,
            request=request,
        ),
        disabled=lambda: logger.debug(
            "state_changed event processed", entity_id="sensor.kitchen", domain="sensor", value=21.5
        ),
        finish=_nothing_waits,
    )


def loguru(file: Path, _url: str) -> Program:
    """Loguru's JSON, to a file."""
    from loguru import logger

    logger.remove()
    logger.add(file, level="INFO", serialize=True)
    return Program(
        call=lambda request: logger.bind(**_FIELDS, request=request).info(_MESSAGE),
        disabled=lambda: logger.debug(_MESSAGE, **_FIELDS),
        finish=_nothing_waits,
    )


def open_telemetry(_file: Path, url: str) -> Program:
    """OpenTelemetry's handler for the standard library, batched and sent as OTLP with gzip."""
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider = LoggerProvider()
    exporter = OTLPLogExporter(endpoint=f"{url}/v1/logs", compression=Compression.Gzip)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    program = _standard_library(
        LoggingHandler(logger_provider=provider),
        None,
        lambda logger, request: logger.info(_MESSAGE, extra={**_FIELDS, "request": request}),
    )
    return Program(program.call, program.disabled, provider.force_flush)


def this_library(_file: Path, url: str) -> Program:
    """This library, delivering to the aggregator."""
    return _this_library(output="http", url=url, token="none")  # noqa: S106 - no secret


def this_library_otlp(_file: Path, url: str) -> Program:
    """This library, delivering by OTLP."""
    return _this_library(output="otlp", otlp_endpoint=url)


def _this_library(**receiver: Any) -> Program:
    from ha_ingestor_logging import configure, correlation, flush, get_logger

    configure(service="benchmark", standard_library=False, **receiver)
    log = get_logger()
    correlation().__enter__()
    return Program(
        call=lambda request: log.info(
            "state_changed event processed",
            entity_id="sensor.kitchen",
            domain="sensor",
            value=21.5,
            request=request,
        ),
        disabled=lambda: log.debug(
            "state_changed event processed", entity_id="sensor.kitchen", domain="sensor", value=21.5
        ),
        finish=lambda: flush(60),
    )


def _standard_library(
    handler: logging.Handler, formatter: logging.Formatter | None, call: Callable[[logging.Logger, str], None]
) -> Program:
    logger = logging.Logger("benchmark", logging.INFO)  # noqa: LOG001 - apart from the root logger
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    return Program(
        call=lambda request: call(logger, request),
        disabled=lambda: logger.debug("state_changed event processed", extra=_FIELDS),
        finish=_nothing_waits,
    )


def _nothing_waits() -> bool:
    return True


PROGRAMS: Final[dict[str, Callable[[Path, str], Program]]] = {
    "this library": this_library,
    "standard library, text": standard_library,
    "structlog, orjson": structlog_orjson,
    "loguru, JSON": loguru,
    "python-json-logger": python_json_logger,
    "this library, OTLP": this_library_otlp,
    "OpenTelemetry, OTLP": open_telemetry,
}
