"""Lines as OpenTelemetry's log records: https://opentelemetry.io/docs/specs/otel/logs/data-model/."""

import calendar
import time
from collections.abc import Mapping
from typing import Any, Final

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

_NS_PER_S: Final = 1_000_000_000
_SECOND_CHARACTERS: Final = len("2026-11-23T10:00:00")
_INTEGER_MAX: Final = 2**63
# Parsers of protobuf refuse more than 100 messages in one another, and each level of a value takes three.
_DEPTH_MAX: Final = 24

_SEVERITIES: Final = {
    "TRACE": SeverityNumber.SEVERITY_NUMBER_TRACE,
    "DEBUG": SeverityNumber.SEVERITY_NUMBER_DEBUG,
    "INFO": SeverityNumber.SEVERITY_NUMBER_INFO,
    "WARNING": SeverityNumber.SEVERITY_NUMBER_WARN,
    "ERROR": SeverityNumber.SEVERITY_NUMBER_ERROR,
    "CRITICAL": SeverityNumber.SEVERITY_NUMBER_FATAL,
}

# Fields with a place of their own in the data model.
_PLACED: Final = frozenset({"timestamp", "level", "service", "host", "logger", "message"})

# Fields for which the semantic conventions have a name, and the type that it has there.
_CONVENTIONS: Final[Mapping[str, tuple[str, type]]] = {
    "uid": ("log.record.uid", str),
    "exception": ("exception.stacktrace", str),
    "exception_type": ("exception.type", str),
    "exception_message": ("exception.message", str),
    "stack": ("code.stacktrace", str),
    "pathname": ("code.file.path", str),
    "func_name": ("code.function.name", str),
    "lineno": ("code.line.number", int),
    "user": ("user.id", str),
}

_TRACE_ID_BYTES: Final = 16
_SPAN_ID_BYTES: Final = 8


class OtlpEncoder:
    """Makes requests of lines; for use by one thread.

    Args:
        service_version: the program's version, if it is known.
    """

    def __init__(self, service_version: str | None) -> None:
        self._resource = {
            "telemetry.sdk.name": "ha-ingestor-logging",
            "telemetry.sdk.language": "python",
        }
        if service_version:
            self._resource["service.version"] = service_version
        self._second_text = ""
        self._second_ns = 0

    def encode(self, lines: bytes) -> bytes:
        """A request's body in protobuf.

        Args:
            lines: JSON lines as the renderer makes them.
        """
        request = ExportLogsServiceRequest()
        # A spool may have lines of another service in it, whose process is gone.
        resources: dict[tuple[str, str], ResourceLogs] = {}
        scopes: dict[tuple[str, str, str], ScopeLogs] = {}
        for line in lines.splitlines():
            record = orjson.loads(line)
            service, host = str(record.get("service", "")), str(record.get("host", ""))
            logger = str(record.get("logger", ""))
            scope = scopes.get((service, host, logger))
            if scope is None:
                resource = resources.get((service, host))
                if resource is None:
                    resource = resources[service, host] = request.resource_logs.add()
                    self._fill_resource(resource, service, host)
                scope = scopes[service, host, logger] = resource.scope_logs.add()
                scope.scope.name = logger
            self._fill(scope.log_records.add(), record)
        return request.SerializeToString()

    def _fill_resource(self, logs: ResourceLogs, service: str, host: str) -> None:
        for name, value in {"service.name": service, "host.name": host, **self._resource}.items():
            attribute = logs.resource.attributes.add()
            attribute.key = name
            attribute.value.string_value = value

    def _fill(self, log_record: LogRecord, record: dict[str, Any]) -> None:
        level = str(record.get("level", ""))
        at_ns = self._ns(str(record.get("timestamp", "")))
        log_record.time_unix_nano = at_ns
        log_record.observed_time_unix_nano = at_ns
        log_record.severity_text = level
        log_record.severity_number = _SEVERITIES.get(level, SeverityNumber.SEVERITY_NUMBER_UNSPECIFIED)
        log_record.body.string_value = str(record.get("message", ""))
        for name, value in record.items():
            if name in _PLACED:
                continue
            if name == "trace_id" and (trace_id := _id(value, _TRACE_ID_BYTES)):
                log_record.trace_id = trace_id
                continue
            if name == "span_id" and (span_id := _id(value, _SPAN_ID_BYTES)):
                log_record.span_id = span_id
                continue
            attribute = log_record.attributes.add()
            attribute.key = _attribute_name(name, value, record)
            _set(attribute.value, value, 1)

    def _ns(self, timestamp: str) -> int:
        """Nanoseconds since 1970 of a time as the renderer writes it; 0, which is unknown, for any other."""
        second_text = timestamp[:_SECOND_CHARACTERS]
        try:
            if second_text != self._second_text:
                second = calendar.timegm(time.strptime(second_text, "%Y-%m-%dT%H:%M:%S"))
                self._second_ns = second * _NS_PER_S
                self._second_text = second_text
            return self._second_ns + int(timestamp[_SECOND_CHARACTERS + 1 : -1])
        except ValueError:
            return 0


def _attribute_name(name: str, value: object, record: Mapping[str, object]) -> str:
    convention, kind = _CONVENTIONS.get(name, (name, object))
    # No two attributes may have the same name.
    return convention if isinstance(value, kind) and convention not in record else name


def _id(value: object, size_bytes: int) -> bytes:
    """The bytes of a trace's or a span's ID; none if it is not one of OpenTelemetry's."""
    if not isinstance(value, str) or len(value) != 2 * size_bytes:
        return b""
    try:
        found = bytes.fromhex(value)
    except ValueError:
        return b""
    # Spaces between the digits would be read too.
    return found if len(found) == size_bytes and any(found) else b""


def _set(target: AnyValue, value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str:
        target.string_value = value
    elif kind is bool:
        target.bool_value = value
    elif kind is int and -_INTEGER_MAX <= value < _INTEGER_MAX:
        target.int_value = value
    elif kind is float:
        target.double_value = value
    elif value is None:
        target.SetInParent()
    elif kind is int:
        target.string_value = str(value)
    elif depth > _DEPTH_MAX:
        target.string_value = orjson.dumps(value).decode()
    else:
        _set_container(target, value, depth + 1)


def _set_container(target: AnyValue, value: list[Any] | dict[str, Any], depth: int) -> None:
    if isinstance(value, list):
        target.array_value.SetInParent()
        for item in value:
            _set(target.array_value.values.add(), item, depth)
    else:
        target.kvlist_value.SetInParent()
        for name, item in value.items():
            inner = target.kvlist_value.values.add()
            inner.key = name
            _set(inner.value, item, depth)
