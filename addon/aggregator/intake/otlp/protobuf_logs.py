"""Decoder of logs in protobuf."""

import base64
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import DecodeError

from aggregator.errors import InvalidBodyError
from aggregator.intake import item_count
from aggregator.intake.decoded import Decoded
from aggregator.intake.otlp.attributes import Members, Value, member, number
from aggregator.intake.otlp.messages import ATTRIBUTE, ATTRIBUTE_OF_BYTES, LOGS, VALUE, VALUE_OF_BYTES
from aggregator.intake.otlp.records import Records, lines_of, scope_members, severity

_NAME: Final = 0x0A
_VALUE: Final = 0x12
_TEXT: Final = 0x0A
_DOUBLE: Final = 0x21
"""What the parts of an attribute begin with, and values of these kinds.
https://protobuf.dev/programming-guides/encoding/"""

_LONG: Final = 0x80
"""From this length on it takes more than one byte."""

_DOUBLE_BYTES: Final = 9
_UNPACK_DOUBLE: Final = struct.Struct("<d").unpack_from


def decode(body: bytes) -> Decoded:
    """Decode a body.

    Raises:
        InvalidBodyError: it is no message of the protocol's.
        TooLargeError: it has very many records.
    """
    item_count.check(body, b"\x0a", b"\x12")
    logs = LOGS()
    members = Members(_attribute)
    try:
        logs.ParseFromString(body)
        groups = [
            _records(resource, scope, members) for resource in logs.resources for scope in resource.scopes
        ]
    except DecodeError as error:
        raise InvalidBodyError(f"no logs of OTLP: {error}; nothing was taken") from None
    return lines_of(groups, members.names())


def _records(resource: Any, scope: Any, members: Members) -> Records:
    origin = scope.about
    records = Records(
        members.all_of(resource.about.attributes),
        scope_members(_text(origin.name), _text(origin.version), members.all_of(origin.attributes)),
    )
    read = members.__getitem__
    for sent in scope.records:
        time_ns, observed_ns = sent.time_ns, sent.observed_ns
        told = severity(sent.severity_number, sent.severity_text)
        if trace_id := sent.trace_id:
            told += b'"trace_id":"%b",' % trace_id.hex().encode()
        if span_id := sent.span_id:
            told += b'"span_id":"%b",' % span_id.hex().encode()
        if time_ns and observed_ns and time_ns != observed_ns:
            told += b'"observed":%d,' % observed_ns
        if flags := sent.flags:
            told += b'"trace_flags":%d,' % flags
        if event_name := sent.event_name:
            told += member("event_name", _text(event_name))
        if dropped := sent.dropped_attributes:
            told += b'"dropped_attributes_count":%d,' % dropped
        records.times_ns.append(time_ns or observed_ns)
        records.told.append(told)
        records.bodies.append(_body(sent.body))
        records.attributes.append(b"".join(map(read, sent.attributes)))
    return records


def _text(text: str | bytes) -> str:
    return text if isinstance(text, str) else text.decode(errors="replace")


def _body(sent: bytes) -> Value:
    if not sent:
        return None
    # Nearly all bodies are texts, and reading the message takes longer than the rest of the record.
    if sent[0] == _TEXT and len(sent) > 1 and sent[1] == len(sent) - 2 < _LONG:
        return sent[2:].decode(errors="replace")
    return _value(_read(sent, VALUE, VALUE_OF_BYTES))


def _attribute(sent: bytes) -> tuple[str, Value]:
    # Short texts and numbers alike, of which most records have some of their own.
    if len(sent) > 1 and sent[0] == _NAME and (end := sent[1] + 2) < _LONG:
        left = len(sent) - end - 2
        if left > 1 and sent[end] == _VALUE and sent[end + 1] == left < _LONG:
            kind = sent[end + 2]
            if kind == _TEXT and sent[end + 3] == left - 2:
                return sent[2:end].decode(errors="replace"), sent[end + 4 :].decode(errors="replace")
            if kind == _DOUBLE and left == _DOUBLE_BYTES:
                return sent[2:end].decode(errors="replace"), number(_UNPACK_DOUBLE(sent, end + 3)[0])
    attribute = _read(sent, ATTRIBUTE, ATTRIBUTE_OF_BYTES)
    return _text(attribute.name), _value(attribute.value)


def _read(sent: bytes, kind: type[Any], kind_of_bytes: type[Any]) -> Any:
    message = kind()
    try:
        message.ParseFromString(sent)
    except DecodeError:
        message = kind_of_bytes()
        message.ParseFromString(sent)
    return message


def _value(sent: Any) -> Value:
    kind = sent.WhichOneof("kind")
    return None if kind is None else _KINDS[kind](getattr(sent, kind))


_KINDS: Final[Mapping[str, Callable[[Any], Value]]] = {
    "text": _text,
    "boolean": bool,
    "integer": int,
    "double": number,
    "array": lambda array: [_value(value) for value in array.values],
    "object": lambda object_: {_text(one.name): _value(one.value) for one in object_.members},
    "binary": lambda binary: base64.b64encode(binary).decode(),
}
