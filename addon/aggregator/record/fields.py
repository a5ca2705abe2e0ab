"""The fields of a log record, the other names they go by, and the spellings of its levels."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RECORD_FIELDS: Final = (
    "timestamp",
    "observed",
    "level",
    "service",
    "host",
    "logger",
    "message",
    "trace_id",
    "span_id",
    "correlation_id",
    "request_id",
    "user",
    "exception",
    "exception_type",
    "exception_message",
    "source",
    "uid",
)
"""Every field with a meaning of its own, in the order in which records are written."""

TIME_FIELDS: Final = frozenset({"timestamp", "observed"})
"""Record fields that hold nanoseconds since the epoch, UTC."""

ID_FIELDS: Final = frozenset({"trace_id", "span_id", "correlation_id", "request_id", "uid"})
"""Record fields of which few records have the same value."""

RUNNING_TEXT_FIELDS: Final = ("message", "exception")
"""Record fields that are searched by word, and by words without a field."""

ALIASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "timestamp": ("time", "ts", "@timestamp", "_time", "timeUnixNano", "asctime"),
        "observed": ("observed_timestamp", "observedTimeUnixNano", "event.ingested"),
        "level": (
            "severity",
            "lvl",
            "log.level",
            "severity_text",
            "severityText",
            "severity_number",
            "severityNumber",
            "PRIORITY",
        ),
        "service": (
            "service.name",
            "app",
            "application",
            "SYSLOG_IDENTIFIER",
            "container_name",
            "container.name",
            "kubernetes.container.name",
        ),
        "host": ("hostname", "host.name", "_HOSTNAME"),
        "logger": ("log.logger", "logger_name", "name", "scope.name"),
        "message": ("msg", "event", "body", "_msg", "MESSAGE", "short_message", "log"),
        "trace_id": ("traceId", "trace.id", "dd.trace_id"),
        "span_id": ("spanId", "span.id", "dd.span_id"),
        "correlation_id": ("x_correlation_id",),
        "request_id": ("http.request.id",),
        "user": ("user.id", "user_id"),
        "exception": (
            "exc_info",
            "exception.stacktrace",
            "exception.traceback",
            "exception.stack_trace",
            "exception.stack",
            "error.stack_trace",
            "error.stack",
            "err.stack",
            "stack_trace",
            "stacktrace",
            "stack",
        ),
        "exception_type": ("exception.type", "error.type", "err.type"),
        "exception_message": ("exception.message", "error.message", "err.message"),
        "source": (),
        "uid": ("log.record.uid", "event.id"),
    }
)
"""What senders and searchers also call each record field, the preferred name first."""

CANONICAL_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {name: name for name in RECORD_FIELDS}
    | {alias: name for name, aliases in ALIASES.items() for alias in aliases}
)
"""Record field of every name it goes by, its own included."""

LEVELS: Final = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""The levels, the least severe first."""

_SPELLINGS: Final = {
    # Verbose is the lowest level of Android, Serilog and ESPHome; only npm's stands above debug.
    "TRACE": "TRACE TRC VERBOSE VERY_VERBOSE SILLY FINEST FINER NOTSET V T",
    "DEBUG": "DEBUG DBG FINE CONFIG D",
    # npm's http and loguru's success are ordinary news; syslog's notice is not yet a warning.
    "INFO": "INFO INF INFORMATION INFORMATIONAL NOTICE NOTE LOG HTTP SUCCESS I",
    "WARNING": "WARNING WARN WRN W",
    "ERROR": "ERROR ERR E SEVERE",
    "CRITICAL": "CRITICAL CRIT FATAL FTL F EMERGENCY EMERG ALERT PANIC DPANIC",
}

LEVEL_BY_SYSLOG_SEVERITY: Final = (
    "CRITICAL",
    "CRITICAL",
    "CRITICAL",
    "ERROR",
    "WARNING",
    "INFO",
    "INFO",
    "DEBUG",
)
"""Level of each severity 0 … 7 of syslog, of journald's PRIORITY and of GELF."""

_OTEL_NAMES: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")

LEVEL_BY_OTEL_NUMBER: Final[Mapping[int, str]] = MappingProxyType(
    {number: LEVELS[(number - 1) // 4] for number in range(1, 25)}
)
"""Level of each severity number 1 … 24 of OpenTelemetry."""

LEVEL_BY_PINO_NUMBER: Final[Mapping[int, str]] = MappingProxyType(
    {(index + 1) * 10: level for index, level in enumerate(LEVELS)}
)
"""Level of each number 10 … 60 of pino and bunyan; 10 and 20 are OpenTelemetry numbers too."""

LEVEL_SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {spelling: level for level, spellings in _SPELLINGS.items() for spelling in spellings.split()}
    | {f"{name}{n}": level for name, level in zip(_OTEL_NAMES, LEVELS, strict=True) for n in (2, 3, 4)}
    | {str(number): level for number, level in LEVEL_BY_PINO_NUMBER.items()}
    | {str(number): level for number, level in LEVEL_BY_OTEL_NUMBER.items()}
)
"""Level of every known spelling, in upper case: names first of all, and numbers whose scale isn't told.

A number of 1 … 24 reads as OpenTelemetry's; syslog's 0 … 7 need :data:`LEVEL_BY_SYSLOG_SEVERITY`,
because only their field tells them apart.
"""
