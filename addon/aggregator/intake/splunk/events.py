"""Decoder of events in JSON: objects that follow each other, each with an event and what is told of it."""

import re
from typing import Final

import msgspec

from aggregator import limits
from aggregator.errors import InvalidBodyError
from aggregator.intake import item_count
from aggregator.intake.decoded import LineError
from aggregator.intake.foreign_names import SENT_UID, UID, own_name
from aggregator.intake.splunk.concatenated import objects_of
from aggregator.intake.splunk.result import Code, Result
from aggregator.intake.text import entries
from aggregator.intake.text.origins import Origins

type _Members = dict[str, msgspec.Raw]

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_ENCODER: Final = msgspec.json.Encoder()

_TIME: Final = "time"
_TIMESTAMP: Final = "timestamp"
_EVENT: Final = "event"
_FIELDS: Final = "fields"
_BLANK: Final = frozenset({b'""', b"{}"})
_NULL: Final = b"null"
_ORIGIN: Final = ("host", "source", "sourcetype", "index")
_RENAMED: Final = {UID: SENT_UID, "message": "fields.message", _TIMESTAMP: "fields.timestamp"}
"""Names of indexed fields that mean something else here."""

_DOCKER: Final = re.compile(rb'"source": ?"std(?:out|err)"')
_OF_DOCKER: Final = frozenset({"line", "source", "tag", "attrs"})
_DOCKER_NAMES: Final = {"source": "stream"}
_CONTAINER_ID: Final = re.compile(rb'"[0-9a-f]{12}"')
"""What Docker's log driver makes of a line, and the tag that says nothing.
https://docs.docker.com/engine/logging/drivers/splunk/"""


class _RefusedError(Exception):
    """An event can't be taken.

    Args:
        code: Splunk's.
        message: what is wrong.
        reason: as it is counted.
    """

    def __init__(self, code: Code, message: str, reason: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


def decode(body: bytes) -> Result:
    """Decode a body; an event that can't be taken is refused by itself.

    Raises:
        InvalidBodyError: there is nothing in it.
        TooLargeError: it has very many events.
    """
    item_count.check(body, b"{", b",")
    sent = objects_of(body)
    if sent == [] or not body.strip():
        raise InvalidBodyError("no data")
    origins = Origins()
    errors: list[LineError] = []
    code = Code.SUCCESS
    for number, one in enumerate(sent, 1):
        try:
            _add(origins, one)
        except _RefusedError as refused:
            errors.append(LineError(number, str(refused), refused.reason))
            code = refused.code if code is Code.SUCCESS else code
    lines, rows = entries.lines_of(origins.entries())
    return Result(lines, rows, errors, code)


def _add(origins: Origins, sent: bytes | None) -> None:
    if sent is None:
        raise _RefusedError(Code.INVALID_FORMAT, "not a JSON object", "invalid_json")
    if len(sent) > limits.LINE_BYTES:
        raise _RefusedError(Code.INVALID_FORMAT, f"longer than {limits.LINE_BYTES} bytes", "too_long")
    members = _OBJECT.decode(sent)
    event = bytes(members.pop(_EVENT, _NULL))
    if event == _NULL:
        raise _RefusedError(Code.EVENT_REQUIRED, "event is missing", "event_missing")
    if event in _BLANK:
        raise _RefusedError(Code.EVENT_BLANK, "event is blank", "event_missing")
    told = _told(members)
    origin = tuple(bytes(members.get(name, b"")) for name in _ORIGIN)
    hints: dict[str, bytes] = {}
    if _DOCKER.search(event):
        output = _OBJECT.decode(event)
        if output.keys() <= _OF_DOCKER:
            event = bytes(output.pop("line", b'""'))
            tag = bytes(output.get("tag", b""))
            origin = (*origin, bytes(output["source"]), tag)
            told |= {_DOCKER_NAMES.get(name, name): value for name, value in output.items()}
            if tag and not _CONTAINER_ID.fullmatch(tag):
                hints["service"] = b'"service":%b' % tag
    origins.add(origin, _line(event), (_ENCODER.encode(told)[1:-1], told), hints)


def _line(event: bytes) -> bytes:
    """An event as a line: a text, or what else it is as JSON."""
    return _TEXT.decode(event).encode() if event[:1] == b'"' else event


def _told(members: _Members) -> _Members:
    told: _Members = {}
    time = members.pop(_TIME, None)
    fields = members.pop(_FIELDS, None)
    told |= {own_name(name): value for name, value in members.items()}
    if time is not None and bytes(time) not in {_NULL, b'""'}:
        told[_TIMESTAMP] = time
    if fields is not None and bytes(fields) != _NULL:
        try:
            indexed = _OBJECT.decode(fields)
        except msgspec.ValidationError:
            raise _RefusedError(Code.INDEXED_FIELDS, "fields are no JSON object", "invalid_field") from None
        for name, value in indexed.items():
            told[f"{_FIELDS}.{name}" if name in told else _RENAMED.get(name, name)] = value
    return told
