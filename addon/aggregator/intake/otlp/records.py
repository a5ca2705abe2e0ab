"""Records of one scope of one resource, made lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import msgspec

from aggregator import limits
from aggregator.intake.decoded import Decoded, LineError
from aggregator.intake.foreign_names import UID
from aggregator.intake.otlp.attributes import Value, member, raw
from aggregator.intake.text import entries
from aggregator.intake.text.entries import Entries
from aggregator.record.fields import ALIASES, LEVEL_BY_OTEL_NUMBER, LEVEL_SPELLINGS

type _Members = dict[str, msgspec.Raw]

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()

_LEVEL: Final = b'"level":'
_NUMBERS_OF_ONE_LEVEL: Final = 4
_MESSAGE_NAMES: Final = frozenset({"message", *ALIASES["message"]})
_OWN: Final = frozenset(
    {
        *("timestamp", "observed", "level", "severity_text", "severity_number", "message"),
        *("trace_id", "span_id", "trace_flags", "event_name", "dropped_attributes_count"),
    }
)
"""Names that records have besides attributes."""


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one scope of one resource, in columns.

    Args:
        resource: attributes of the resource.
        scope: its name as `logger`, its version and its attributes.
        times_ns: when each was written, ns since the epoch; 0 where that is not known.
        told: what each says besides, as members of a JSON object with commas behind them.
        bodies: the body of each.
        attributes: of each, as members of a JSON object with commas behind them.
    """

    resource: _Members
    scope: _Members
    times_ns: list[int] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    bodies: list[Value] = field(default_factory=list)
    attributes: list[bytes] = field(default_factory=list)


def scope_members(name: str, version: str, attributes: _Members) -> _Members:
    """What a scope says of its records."""
    named = {"logger": name, "scope.version": version}
    return attributes | {key: raw(value) for key, value in named.items() if value}


@lru_cache(maxsize=1024)
def severity(number: int, sent: bytes) -> bytes:
    """Write a severity, a number and a text: the level, and what it says beyond that."""
    text = sent.decode(errors="replace")
    if not number:
        return member("level", text) if text else b""
    level = LEVEL_BY_OTEL_NUMBER.get(number)
    said = member("level", level or text or number)
    if level is None or number % _NUMBERS_OF_ONE_LEVEL != 1:
        said += member("severity_number", number)
    if text and LEVEL_SPELLINGS.get(text.upper()) != level:
        said += member("severity_text", text)
    return said


def lines_of(groups: Iterable[Records], names: frozenset[str]) -> Decoded:
    """Make lines of records; one that is too long is refused by itself.

    What a text without a severity says is understood.

    Args:
        groups: the records.
        names: all names of their attributes.
    """
    rows: list[bytes] = []
    texts: list[Entries] = []
    errors: list[LineError] = []
    first = 0
    for group in groups:
        heads = _heads(group, names)
        lines = _lines(heads, group.bodies)
        left_out = set(_too_long(lines))
        errors += [
            LineError(first + place + 1, f"longer than {limits.LINE_BYTES} bytes", "too_long")
            for place in sorted(left_out)
        ]
        first += len(lines)
        plain = {place: body for place, body in _plain(group) if place not in left_out}
        if plain:
            told = [heads[place] for place in plain]
            taken = names | _OWN | group.scope.keys() | group.resource.keys()
            texts.append(Entries([text.encode() for text in plain.values()], told, taken))
            left_out.update(plain)
        rows += [line for place, line in enumerate(lines) if place not in left_out] if left_out else lines
    understood, count = entries.lines_of(texts)
    return Decoded(b"".join(rows) + understood, len(rows) + count, errors)


def _heads(group: Records, names: frozenset[str]) -> list[bytes]:
    """Write what each record is but its body, as members of a JSON object."""
    origin = group.resource.keys() | group.scope.keys()
    are_names_free = (
        len(origin) == len(group.resource) + len(group.scope)
        and names.isdisjoint(_OWN | origin)
        and _OWN.isdisjoint(origin)
    )
    if not (are_names_free and all(group.times_ns)):
        return [_merged(group, place) for place in range(len(group.bodies))]
    common = b"".join([member(name, value) for name, value in (group.resource | group.scope).items()])
    return [
        b'%b%b%b"timestamp":%d' % (told, common, attributes, time_ns)
        for told, attributes, time_ns in zip(group.told, group.attributes, group.times_ns, strict=True)
    ]


def _merged(group: Records, place: int) -> bytes:
    """Write the same where one name may be meant for several things: the nearest to the record has it."""
    found: _Members = _members(group.told[place])
    found["timestamp"] = raw(group.times_ns[place] or None)
    has_message = group.bodies[place] is not None
    others = {
        "attribute": _members(group.attributes[place]),
        "scope": group.scope,
        "resource": group.resource,
    }
    for prefix, members in others.items():
        for name, value in members.items():
            is_taken = name in found or (has_message and name == "message")
            found[f"{prefix}.{name}" if is_taken else name] = value
    return _ENCODER.encode(found)[1:-1]


def _lines(heads: Sequence[bytes], bodies: Sequence[Value]) -> list[bytes]:
    messages = _ENCODER.encode_lines(bodies).split(b"\n")[:-1]
    lines = [b'{%b,"message":%b}\n' % written for written in zip(heads, messages, strict=True)]
    if set(map(type, bodies)) - {str}:
        for place, body in enumerate(bodies):
            if body is None:
                lines[place] = b"{%b}\n" % heads[place]
            elif isinstance(body, dict):
                lines[place] = _with_object(heads[place], body)
    return lines


def _with_object(head: bytes, body: dict[str, Value]) -> bytes:
    """Write a record whose body has fields of its own; one without a message among them is its own."""
    found = _members(head + b",")
    if body.keys().isdisjoint(_MESSAGE_NAMES):
        found["message"] = raw(_ENCODER.encode(body).decode())
    for name, value in body.items():
        found[f"body.{name}" if name in found or name == UID else name] = raw(value)
    return _ENCODER.encode(found) + b"\n"


def _plain(group: Records) -> Iterable[tuple[int, str]]:
    """Texts that nothing is told of but where they come from, by their place."""
    for place, told in enumerate(group.told):
        body = group.bodies[place] if not told.startswith(_LEVEL) else None
        if isinstance(body, str):
            yield place, body


def _too_long(lines: Sequence[bytes]) -> list[int]:
    if max(map(len, lines), default=0) <= limits.LINE_BYTES:
        return []
    return [place for place, line in enumerate(lines) if len(line) > limits.LINE_BYTES]


def _members(written: bytes) -> _Members:
    return _OBJECT.decode(b"{%b}" % written[:-1])
