"""Streams of entries, made lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from aggregator import limits
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.foreign_names import UID
from aggregator.intake.loki.labels import Value, fields_of, renamed
from aggregator.intake.text import entries
from aggregator.intake.text.entries import Entries

_ENCODER: Final = msgspec.json.Encoder()
_TIMESTAMP: Final = "timestamp"
_CHARACTER_BYTES: Final = 4
"""Most bytes of one character in UTF-8."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Entries that have the same labels.

    Args:
        labels: of all entries.
        timestamps: of each entry: nanoseconds since the epoch as text, or RFC 3339.
        texts: the line of each entry.
        metadata: what else an entry says of itself, by its place; most say nothing.
    """

    labels: Mapping[str, Value]
    timestamps: list[str]
    texts: list[str]
    metadata: Mapping[int, Mapping[str, Value]]


def lines_of(streams: Sequence[Stream]) -> Decoded:
    """Make lines of streams; an entry that is too long is refused by itself.

    What an entry's text says is understood; labels and metadata win over it.
    """
    origins: list[Entries] = []
    errors: list[LineError] = []
    first = 0
    for stream in streams:
        fitting, wrong = _without_long(stream, first)
        errors += wrong
        first += len(stream.texts)
        if fitting.texts:
            origins.append(_entries(fitting))
    lines, rows = entries.lines_of(origins)
    return Decoded(lines, rows, errors)


def _entries(stream: Stream) -> Entries:
    fields = fields_of(stream.labels)
    outer = frozenset({*fields.sent, _TIMESTAMP})
    head = _members(fields.sent) + b"," if fields.sent else b""
    told = [b'%b"timestamp":%b' % (head, timestamp) for timestamp in _json(stream.timestamps)]
    names = outer
    if stream.metadata:
        metadata = _metadata(stream.metadata, outer | {"message"})
        names = outer.union(*metadata)
        for place, members in zip(stream.metadata, _json(metadata), strict=True):
            told[place] += b"," + members[1:-1]
    return Entries(
        [text.encode(errors="replace") for text in stream.texts],
        told,
        names,
        {name: _members({name: value}) for name, value in fields.found.items()},
    )


def _metadata(
    metadata: Mapping[int, Mapping[str, Value]], taken: frozenset[str]
) -> list[Mapping[str, Value]]:
    """What entries say of themselves, by names that nothing else has."""
    values = list(metadata.values())
    if (taken | {UID}).isdisjoint(set[str]().union(*values)):
        return values
    return [renamed(said, taken, "metadata") for said in values]


def _without_long(stream: Stream, first: int) -> tuple[Stream, list[LineError]]:
    if max(map(len, stream.texts), default=0) <= limits.LINE_BYTES // _CHARACTER_BYTES:
        return stream, []
    long = [place for place, text in enumerate(stream.texts) if len(text.encode()) > limits.LINE_BYTES]
    if not long:
        return stream, []
    kept = sorted(set(range(len(stream.texts))).difference(long))
    fitting = Stream(
        stream.labels,
        [stream.timestamps[place] for place in kept],
        [stream.texts[place] for place in kept],
        {new: stream.metadata[old] for new, old in enumerate(kept) if old in stream.metadata},
    )
    message = f"longer than {limits.LINE_BYTES} bytes"
    return fitting, [LineError(first + place + 1, message, "too_long") for place in long]


def _json(values: Sequence[object]) -> list[bytes]:
    return _ENCODER.encode_lines(values).split(b"\n")[:-1]


def _members(fields: Mapping[str, Value]) -> bytes:
    return _ENCODER.encode(fields)[1:-1]
