"""Decoder of pushes in JSON.

https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
"""

import msgspec

from aggregator.errors import InvalidBodyError
from aggregator.intake import item_count, ndjson
from aggregator.intake.decoded import Decoded
from aggregator.intake.loki import labels
from aggregator.intake.loki.labels import Value
from aggregator.intake.loki.streams import Stream, lines_of


class _Value(msgspec.Struct, array_like=True, gc=False):
    timestamp: str
    text: str
    metadata: dict[str, Value] | None = None


class _Entry(msgspec.Struct, gc=False):
    """An entry of the older route."""

    ts: str
    line: str


class _Stream(msgspec.Struct):
    stream: dict[str, Value] = msgspec.field(default_factory=dict)
    values: list[_Value] = []
    labels: str | None = None
    entries: list[_Entry] = []


class _Push(msgspec.Struct):
    streams: list[_Stream]


_PUSH = msgspec.json.Decoder(_Push)


def decode(body: bytes) -> Decoded:
    """Decode a body.

    Raises:
        TooLargeError: it has too many entries.
        InvalidBodyError: it is no push; the message says where.
    """
    item_count.check(body, b"[", b"{")
    try:
        push = _PUSH.decode(body)
        return lines_of([stream for sent in push.streams for stream in _streams(sent)])
    except ndjson.UNREADABLE as error:
        raise InvalidBodyError(f"no push of Loki's: {error}; nothing was taken") from None


def _streams(sent: _Stream) -> list[Stream]:
    named = sent.stream
    if sent.labels is not None:
        try:
            named = {**labels.parse(sent.labels), **named}
        except ValueError as error:
            raise msgspec.ValidationError(str(error)) from None
    timestamps = [value.timestamp for value in sent.values]
    digits = "".join(timestamps)
    if timestamps and not (digits.isascii() and digits.isdecimal()):
        wrong = next(text for text in timestamps if not (text.isascii() and text.isdecimal()))
        raise msgspec.ValidationError(f"timestamp {wrong[:40]!r} is no number of nanoseconds in a string")
    metadata = {place: value.metadata for place, value in enumerate(sent.values) if value.metadata}
    values = Stream(named, timestamps, [value.text for value in sent.values], metadata)
    entries = Stream(named, [entry.ts for entry in sent.entries], [entry.line for entry in sent.entries], {})
    return [stream for stream in (values, entries) if stream.texts]
