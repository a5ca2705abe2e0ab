"""Requests as OpenTelemetry's exporters make them, in both encodings, by OpenTelemetry's own messages."""

import base64
import json
import math
from collections.abc import Callable
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
IDS = {"traceId", "spanId"}


def attribute(name: str, value: object) -> dict[str, Any]:
    return {"key": name, "value": any_value(value)}


def any_value(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    kind, written = _KINDS[type(value)]
    return {kind: written(value)}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [attribute(*item) for item in values.items()]


def record(body: object = "x", **fields: Any) -> dict[str, Any]:
    """A record: fields by their names in JSON, attributes as a dictionary."""
    if "attributes" in fields:
        fields["attributes"] = attributes(fields["attributes"])
    return {"timeUnixNano": "5", "severityNumber": 9, "body": any_value(body)} | fields


def logs(
    *records: dict[str, Any], resource: dict[str, Any] | None = None, scope: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The logs of one scope: attributes of its resource, and its own fields."""
    scope = scope or {}
    if "attributes" in scope:
        scope["attributes"] = attributes(scope["attributes"])
    scope_logs = {"scope": scope, "logRecords": list(records)}
    return {"resource": {"attributes": attributes(resource or {})}, "scopeLogs": [scope_logs]}


_KINDS: dict[type, tuple[str, Callable[[Any], object]]] = {
    bool: ("boolValue", bool),
    int: ("intValue", str),
    float: ("doubleValue", lambda number: number if math.isfinite(number) else NOT_FINITE[repr(number)]),
    bytes: ("bytesValue", lambda binary: base64.b64encode(binary).decode()),
    list: ("arrayValue", lambda items: {"values": list(map(any_value, items))}),
    dict: ("kvlistValue", lambda members: {"values": attributes(members)}),
    str: ("stringValue", str),
}


def as_json(*resource_logs: dict[str, Any]) -> bytes:
    return json.dumps({"resourceLogs": resource_logs}).encode()


def as_protobuf(*resource_logs: dict[str, Any]) -> bytes:
    request = ExportLogsServiceRequest()
    json_format.ParseDict({"resourceLogs": [_stock(logs) for logs in resource_logs]}, request)
    return request.SerializeToString()


def _stock(value: Any) -> Any:
    """What protobuf's own JSON has otherwise: IDs in base64."""
    if isinstance(value, list):
        return list(map(_stock, value))
    if isinstance(value, dict):
        return {
            name: base64.b64encode(bytes.fromhex(inner)).decode() if name in IDS else _stock(inner)
            for name, inner in value.items()
        }
    return value
