"""The same lines in the body of each protocol."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import cramjam
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

type Line = Mapping[str, Any]

_LABELS = ("service", "level", "host")
_SYSLOG_SEVERITIES = {"TRACE": 7, "DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
_OTEL_NUMBERS = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARNING": 13, "ERROR": 17, "CRITICAL": 21}


@dataclass(frozen=True, slots=True)
class Protocol:
    """A way to send lines.

    Args:
        path: where they are sent to.
        encode: makes a body of lines.
        headers: what is sent besides the token.
    """

    path: str
    encode: Callable[[list[Line]], bytes]
    headers: Mapping[str, str] = field(default_factory=dict)


def _ndjson(lines: list[Line]) -> bytes:
    return b"".join(_dumps(line) + b"\n" for line in lines)


def _json_array(lines: list[Line]) -> bytes:
    return _dumps(lines)


def _bulk(lines: list[Line]) -> bytes:
    return b"".join(b'{"create":{"_index":"logs"}}\n%b\n' % _dumps(_at_timestamp(line)) for line in lines)


def _bulk_with_ids(lines: list[Line]) -> bytes:
    return b"".join(
        _dumps({"create": {"_index": "logs", "_id": f"{place}-{line['timestamp']}"}})
        + b"\n%b\n" % _dumps(_at_timestamp(line))
        for place, line in enumerate(lines)
    )


def _bulk_of_common_schema(lines: list[Line]) -> bytes:
    return b"".join(b'{"create":{"_index":"logs"}}\n%b\n' % _dumps(_common_schema(line)) for line in lines)


def _loki_json(lines: list[Line]) -> bytes:
    return _push(lines, lambda line: [str(_time_ns(line)), line["message"]])


def _loki_json_with_metadata(lines: list[Line]) -> bytes:
    return _push(lines, lambda line: [str(_time_ns(line)), line["message"], _metadata(line)])


def _loki_json_lines(lines: list[Line]) -> bytes:
    return _push(
        lines,
        lambda line: [str(_time_ns(line)), json.dumps({"message": line["message"], **_others(line)})],
    )


def _push(lines: list[Line], entry: Callable[[Line], list[Any]]) -> bytes:
    streams = [
        {"stream": dict(labels), "values": list(map(entry, stream))}
        for labels, stream in _streams(lines).items()
    ]
    return _dumps({"streams": streams})


def _loki_protobuf(lines: list[Line]) -> bytes:
    return _protobuf_push(lines, lambda _line: {})


def _loki_protobuf_with_metadata(lines: list[Line]) -> bytes:
    return _protobuf_push(lines, _metadata)


def _protobuf_push(lines: list[Line], metadata: Callable[[Line], dict[str, str]]) -> bytes:
    push = b""
    for labels, stream in _streams(lines).items():
        named = ",".join(f"{name}={json.dumps(value)}" for name, value in labels)
        entries = b"".join(_field(2, _entry(line, metadata(line))) for line in stream)
        push += _field(1, _field(1, f"{{{named}}}".encode()) + entries)
    return bytes(cramjam.snappy.compress_raw(push))


def _entry(line: Line, metadata: dict[str, str]) -> bytes:
    seconds, nanos = divmod(_time_ns(line), 10**9)
    time = _varint(1 << 3) + _varint(seconds) + _varint(2 << 3) + _varint(nanos)
    pairs = [
        _field(3, _field(1, name.encode()) + _field(2, value.encode())) for name, value in metadata.items()
    ]
    return _field(1, time) + _field(2, line["message"].encode()) + b"".join(pairs)


def _field(number: int, content: bytes) -> bytes:
    """A field of protobuf with a length."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])


def _otlp_json(lines: list[Line]) -> bytes:
    resources = [
        {
            "resource": {"attributes": [_attribute("service.name", service), _attribute("host.name", host)]},
            "scopeLogs": [
                {
                    "scope": {"name": logger},
                    "logRecords": [
                        {
                            "timeUnixNano": str(_time_ns(line)),
                            "observedTimeUnixNano": str(_time_ns(line)),
                            "severityNumber": _OTEL_NUMBERS[line["level"]],
                            "severityText": line["level"],
                            "body": {"stringValue": line["message"]},
                            "attributes": [_attribute(*item) for item in _attributes(line).items()],
                        }
                        for line in scope
                    ],
                }
                for logger, scope in scopes.items()
            ],
        }
        for (service, host), scopes in _scopes(lines).items()
    ]
    return _dumps({"resourceLogs": resources})


def _attribute(name: str, value: object) -> dict[str, object]:
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue"}
    kind = kinds.get(type(value), "stringValue")
    return {"key": name, "value": {kind: value if kind in {"boolValue", "doubleValue"} else str(value)}}


def _otlp_protobuf(lines: list[Line]) -> bytes:
    request = ExportLogsServiceRequest()
    json_format.ParseDict(json.loads(_otlp_json(lines)), request)
    return request.SerializeToString()


def _splunk(lines: list[Line]) -> bytes:
    return b"".join(
        _dumps(
            {
                "time": _time_ns(line) / 10**9,
                "host": line["host"],
                "event": _without(line, "timestamp", "host"),
            }
        )
        for line in lines
    )


def _datadog(lines: list[Line]) -> bytes:
    return _dumps(
        [
            # A response's status is not a log's.
            {**_without(line, "host", "level"), "hostname": line["host"], "status": line["level"].lower()}
            for line in lines
        ]
    )


def _gelf(lines: list[Line]) -> bytes:
    return b"".join(
        _dumps(
            {
                "version": "1.1",
                "host": line["host"],
                "short_message": line["message"],
                "timestamp": _time_ns(line) / 10**9,
                "level": _SYSLOG_SEVERITIES[line["level"]],
                "_service": line["service"],
                **{f"_{name}": value for name, value in _others(line).items()},
            }
        )
        + b"\n"
        for line in lines
    )


def _without(line: Line, *names: str) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in names}


def _scopes(lines: list[Line]) -> dict[tuple[str, str], dict[str, list[Line]]]:
    scopes: dict[tuple[str, str], dict[str, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        scopes[line["service"], line["host"]][line["logger"]].append(line)
    return scopes


def _attributes(line: Line) -> dict[str, Any]:
    return {name: value for name, value in _others(line).items() if name != "logger"}


def _streams(lines: list[Line]) -> dict[tuple[tuple[str, str], ...], list[Line]]:
    streams = defaultdict(list)
    for line in lines:
        streams[tuple((name, line[name]) for name in _LABELS)].append(line)
    return streams


def _others(line: Line) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in {*_LABELS, "timestamp", "message"}}


def _metadata(line: Line) -> dict[str, str]:
    return {name: str(value) for name, value in _others(line).items()}


def _at_timestamp(line: Line) -> Line:
    return {"@timestamp": line["timestamp"], **{name: line[name] for name in line if name != "timestamp"}}


def _common_schema(line: Line) -> Line:
    others = {name: line[name] for name in line if name not in {*_LABELS, "timestamp", "logger"}}
    return {
        "@timestamp": line["timestamp"],
        "log": {"level": line["level"], "logger": line["logger"], "file": {"path": "/var/log/app.log"}},
        "service": {"name": line["service"]},
        "host": {"name": line["host"]},
        "agent": {"type": "filebeat", "version": "8.19.0"},
        **others,
    }


def _time_ns(line: Line) -> int:
    return round(datetime.fromisoformat(line["timestamp"]).timestamp() * 10**6) * 1000


def _dumps(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


REFERENCE = "JSON lines"

PROTOCOLS: dict[str, Protocol] = {
    REFERENCE: Protocol("/api/v1/logs", _ndjson),
    "JSON array": Protocol("/api/v1/logs", _json_array),
    "Elasticsearch": Protocol("/_bulk", _bulk),
    "Elasticsearch, IDs": Protocol("/_bulk", _bulk_with_ids),
    "Elasticsearch, common schema": Protocol("/_bulk", _bulk_of_common_schema),
    "Loki, JSON": Protocol("/loki/api/v1/push", _loki_json),
    "Loki, JSON with metadata": Protocol("/loki/api/v1/push", _loki_json_with_metadata),
    "Loki, JSON in lines": Protocol("/loki/api/v1/push", _loki_json_lines),
    "Loki, protobuf": Protocol("/loki/api/v1/push", _loki_protobuf),
    "Loki, protobuf with metadata": Protocol("/loki/api/v1/push", _loki_protobuf_with_metadata),
    "OTLP, protobuf": Protocol("/v1/logs", _otlp_protobuf, {"Content-Type": "application/x-protobuf"}),
    "OTLP, JSON": Protocol("/v1/logs", _otlp_json, {"Content-Type": "application/json"}),
    "Splunk": Protocol("/services/collector", _splunk),
    "Datadog": Protocol("/api/v2/logs", _datadog, {"Content-Type": "application/json"}),
    "GELF": Protocol("/gelf", _gelf),
}
