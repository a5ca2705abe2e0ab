"""Decoder of logs in JSON.

It is protobuf's JSON but for IDs, which are hexadecimal, and enumerations, which are numbers only.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from typing import Annotated, Final

import msgspec

from aggregator.errors import InvalidBodyError
from aggregator.intake import item_count, ndjson
from aggregator.intake.decoded import Decoded
from aggregator.intake.otlp.attributes import Members, Value, member
from aggregator.intake.otlp.records import Records, lines_of, scope_members, severity
from aggregator.record.utf8 import is_utf8

_Integer = int | Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]{1,20}$")]
_TimeNs = Annotated[int, msgspec.Meta(ge=0)] | Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,20}$")]
"""Integers of 64 bits are texts; some senders write numbers."""

_Hexadecimal = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-fA-F]*$")]


class _Value(msgspec.Struct, rename="camel", gc=False):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: _Integer | None = None
    double_value: float | str | None = None
    bytes_value: str | None = None
    array_value: "_Array | None" = None
    kvlist_value: "_Object | None" = None


class _Attribute(msgspec.Struct, gc=False):
    key: str = ""
    value: _Value | None = None


class _Array(msgspec.Struct, gc=False):
    values: list[_Value] | None = None


class _Object(msgspec.Struct, gc=False):
    values: list[_Attribute] | None = None


class _Scope(msgspec.Struct, gc=False):
    name: str | None = None
    version: str | None = None
    attributes: list[msgspec.Raw] | None = None


class _Resource(msgspec.Struct, gc=False):
    attributes: list[msgspec.Raw] | None = None


class _Record(msgspec.Struct, rename="camel", gc=False):
    time_unix_nano: _TimeNs | None = None
    observed_time_unix_nano: _TimeNs | None = None
    severity_number: int | None = None
    severity_text: str | None = None
    body: _Value | None = None
    attributes: list[msgspec.Raw] | None = None
    dropped_attributes_count: int | None = None
    flags: int | None = None
    trace_id: _Hexadecimal | None = None
    span_id: _Hexadecimal | None = None
    event_name: str | None = None


class _ScopeLogs(msgspec.Struct, rename="camel", gc=False):
    scope: _Scope | None = None
    log_records: list[_Record] | None = None


class _ResourceLogs(msgspec.Struct, rename="camel", gc=False):
    resource: _Resource | None = None
    scope_logs: list[_ScopeLogs] | None = None


class _Logs(msgspec.Struct, rename="camel", gc=False):
    resource_logs: list[_ResourceLogs] | None = None


_LOGS: Final = msgspec.json.Decoder(_Logs)
_ATTRIBUTE: Final = msgspec.json.Decoder(_Attribute)


def decode(body: bytes) -> Decoded:
    """Decode a body.

    Raises:
        InvalidBodyError: it is no message of the protocol's; the message says where.
        TooLargeError: it has very many records.
    """
    item_count.check(body, b"{")
    text = body if is_utf8(body) else body.decode(errors="replace").encode()
    members = Members(_attribute)
    try:
        logs = _LOGS.decode(text)
        groups = [
            _records(resource.resource or _Resource(), scope, members)
            for resource in logs.resource_logs or ()
            for scope in resource.scope_logs or ()
        ]
    except ndjson.UNREADABLE as error:
        raise InvalidBodyError(f"no logs of OTLP: {error}; nothing was taken") from None
    return lines_of(groups, members.names())


def _records(resource: _Resource, logs: _ScopeLogs, members: Members) -> Records:
    scope = logs.scope or _Scope()
    about_scope = members.all_of(map(bytes, scope.attributes or ()))
    records = Records(
        members.all_of(map(bytes, resource.attributes or ())),
        scope_members(scope.name or "", scope.version or "", about_scope),
    )
    for sent in logs.log_records or ():
        time_ns = int(sent.time_unix_nano or 0)
        observed_ns = int(sent.observed_time_unix_nano or 0)
        told = severity(sent.severity_number or 0, (sent.severity_text or "").encode())
        if sent.trace_id:
            told += b'"trace_id":"%b",' % sent.trace_id.encode()
        if sent.span_id:
            told += b'"span_id":"%b",' % sent.span_id.encode()
        if time_ns and observed_ns and time_ns != observed_ns:
            told += b'"observed":%d,' % observed_ns
        if sent.flags:
            told += b'"trace_flags":%d,' % sent.flags
        if sent.event_name:
            told += member("event_name", sent.event_name)
        if sent.dropped_attributes_count:
            told += b'"dropped_attributes_count":%d,' % sent.dropped_attributes_count
        records.times_ns.append(time_ns or observed_ns)
        records.told.append(told)
        records.bodies.append(_value(sent.body))
        records.attributes.append(b"".join([members[bytes(one)] for one in sent.attributes or ()]))
    return records


def _attribute(sent: bytes) -> tuple[str, Value]:
    attribute = _ATTRIBUTE.decode(sent)
    return attribute.key, _value(attribute.value)


def _value(sent: _Value | None) -> Value:
    if sent is None:
        return None
    value: Value = sent.string_value
    if sent.int_value is not None:
        value = int(sent.int_value)
    elif sent.kvlist_value is not None:
        value = {one.key: _value(one.value) for one in sent.kvlist_value.values or ()}
    elif sent.array_value is not None:
        value = [_value(one) for one in sent.array_value.values or ()]
    elif value is None:
        others = (sent.bool_value, sent.double_value, sent.bytes_value)
        value = next((one for one in others if one is not None), None)
    return value
