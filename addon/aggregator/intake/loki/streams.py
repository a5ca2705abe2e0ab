"""Streams of entries, made lines."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from aggregator import limits
from aggregator.intake import documents, ndjson
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.loki.labels import Value, fields_of, renamed
from aggregator.record.fields import ALIASES, CANONICAL_NAMES

_ENCODER: Final = msgspec.json.Encoder()
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TIMESTAMP: Final = "timestamp"
_NAMES: Final = 64
"""Names up to which it is quicker to look whether they occur at all."""

_CHARACTER_BYTES: Final = 4
"""Most bytes of one character in UTF-8."""


class _Line(msgspec.Struct, gc=False):
    timestamp: str
    message: str


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

    An entry whose text is a JSON object gets that object's fields; any other text is its message.
    """
    pieces: list[bytes] = []
    errors: list[LineError] = []
    rows = first = 0
    for stream in streams:
        fitting, wrong = _without_long(stream, first)
        errors += wrong
        first += len(stream.texts)
        rows += len(fitting.texts)
        if fitting.texts:
            pieces.append(_plain(fitting) if _is_plain(fitting) else _each(fitting))
    return Decoded(b"".join(pieces), rows, errors)


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


def _is_plain(stream: Stream) -> bool:
    return not stream.metadata and "{" not in [text[:1] for text in stream.texts]


def _plain(stream: Stream) -> bytes:
    lines = _ENCODER.encode_lines(list(map(_Line, stream.timestamps, stream.texts)))
    fields = fields_of(stream.labels)
    members = _members({**fields.found, **fields.sent})
    if not members:
        return lines
    # Only the beginnings of lines stand behind a newline.
    return (b"\n" + lines).replace(b"\n{", b"\n{" + members + b",")[1:]


def _each(stream: Stream) -> bytes:
    fields = fields_of(stream.labels)
    objects = _objects(stream.texts)
    outer = frozenset({*fields.sent, _TIMESTAMP})
    metadata = {
        place: renamed(values, outer | {"message"}, "metadata") for place, values in stream.metadata.items()
    }
    names = outer.union(*metadata.values())
    heads = _Heads(fields.found, fields.sent)
    hinted = {alias for field in fields.found for alias in (field, *ALIASES[field])}
    may_clash = _may_hold(objects.values(), names | hinted)
    messages = _ENCODER.encode_lines(stream.texts).split(b"\n")
    lines: list[bytes] = []
    for place, timestamp in enumerate(stream.timestamps):
        said = metadata.get(place, {})
        told = _told(said)
        content = objects.get(place)
        if content is None:
            content = b'"message":' + messages[place]
        elif may_clash:
            content, told_inside = _without_clashes(content, outer | said.keys())
            told |= told_inside
        parts = [heads.without(told), _members(said), content, b'"timestamp":' + _ENCODER.encode(timestamp)]
        lines.append(b"{%b}\n" % b",".join([part for part in parts if part]))
    return b"".join(lines)


class _Heads:
    """What the labels of a stream come to, with or without what they only hint at."""

    def __init__(self, found: Mapping[str, Value], sent: Mapping[str, Value]) -> None:
        self._found = found
        self._sent = sent
        self.whole = _members({**found, **sent})

    def without(self, told: set[str]) -> bytes:
        """The members, without what a line tells itself."""
        if told.isdisjoint(self._found):
            return self.whole
        hints = {name: value for name, value in self._found.items() if name not in told}
        return _members({**hints, **self._sent})


def _objects(texts: Sequence[str]) -> dict[int, bytes]:
    """The members of those texts that are JSON objects, by their places."""
    # No JSON string has a line's end in it, so that what is replaced is always between values.
    found = {
        place: text.strip().replace("\n", " ").encode(errors="replace")
        for place, text in enumerate(texts)
        if text[:1] == "{"
    }
    if not found:
        return {}
    lines = documents.lines_of(_joined(found.values()))
    if lines is None:
        found = {place: text for place, text in found.items() if ndjson.problem(text) is None}
        lines = documents.lines_of(_joined(found.values())) or b""
    members = (line[1:-1] for line in lines.split(b"\n"))
    return {place: text for place, text in zip(found, members, strict=False) if text.strip()}


def _may_hold(objects: Collection[bytes], names: Collection[str]) -> bool:
    """Tell whether objects may have members of some names."""
    together = b"\n".join(objects)
    return bool(objects) and (len(names) > _NAMES or any(_ENCODER.encode(name) in together for name in names))


def _without_clashes(members: bytes, taken: Collection[str]) -> tuple[bytes, set[str]]:
    """Give the members of an object that have a name which is taken one of their own.

    Returns:
        The members, and the record's fields that they tell.
    """
    values = _OBJECT.decode(b"{" + members + b"}")
    for name in values.keys() & taken:
        values[f"line.{name}"] = values.pop(name)
    return _ENCODER.encode(values)[1:-1], _told(values)


def _told(values: Collection[str]) -> set[str]:
    """The record's fields that values by these names fill."""
    return {CANONICAL_NAMES[name] for name in values if name in CANONICAL_NAMES}


def _joined(texts: Iterable[bytes]) -> bytes:
    return b"".join([text + b"\n" for text in texts])


def _members(fields: Mapping[str, Value]) -> bytes:
    return _ENCODER.encode(fields)[1:-1]
