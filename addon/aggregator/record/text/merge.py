"""Adds to understood lines what was told of them besides: where they come from, when they were written."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from aggregator.record.fields import ALIASES, LEVEL_SPELLINGS

_IN_LINE: Final = "line."
"""Goes before the name of a line's field where something else was told under that name."""

_TIME_NAMES: Final = ("timestamp", *ALIASES["timestamp"])
_Members = dict[str, msgspec.Raw]
_DECODER: Final = msgspec.json.Decoder(_Members)
_TEXT: Final = msgspec.json.Decoder(str)


def merge(rows: Sequence[bytes], told: Sequence[bytes], names: Collection[str]) -> list[bytes]:
    """Add members to JSON objects, which keep their own under another name where both have one.

    Args:
        rows: JSON objects that are not empty.
        told: the members for each, such as `"service":"nginx","level":"error"`; may be empty.
        names: the names that these members have.
    """
    written = b"\n".join(rows)
    clashing = [token for token in map(_token, names) if token in written]
    if not clashing:
        return [_joined(row, members) for row, members in zip(rows, told, strict=True)]
    return [
        _merged(row, members) if any(token in row for token in clashing) else _joined(row, members)
        for row, members in zip(rows, told, strict=True)
    ]


def with_times(rows: Sequence[bytes], times_ns: Sequence[int]) -> list[bytes]:
    """Give a timestamp to the JSON objects that have none of their own.

    Args:
        rows: JSON objects that are not empty.
        times_ns: when each was written as far as is known from outside, ns since the epoch.
    """
    tokens = tuple(map(_token, _TIME_NAMES))
    written = b"\n".join(rows)
    present = [token for token in tokens if token in written]
    return [
        row
        if any(token in row for token in present) and not _DECODER.decode(row).keys().isdisjoint(_TIME_NAMES)
        else b'{"timestamp":%d,%b' % (time_ns, row[1:])
        for row, time_ns in zip(rows, times_ns, strict=True)
    ]


def _token(name: str) -> bytes:
    return msgspec.json.encode(name)


def _joined(row: bytes, members: bytes) -> bytes:
    return b"{%b,%b" % (members, row[1:]) if members else row


def _merged(row: bytes, members: bytes) -> bytes:
    told = _DECODER.decode(b"{%b}" % members)
    own = _DECODER.decode(row)
    for name in told.keys() & own.keys():
        value = own.pop(name)
        if not _is_same(name, bytes(value), bytes(told[name])):
            own.setdefault(f"{_IN_LINE}{name}", value)
    return msgspec.json.encode(told | own)


def _is_same(name: str, one: bytes, other: bytes) -> bool:
    return one == other or (name == "level" and _level(one) == _level(other))


def _level(value: bytes) -> str:
    spelling = value.decode().strip('"').upper()
    return LEVEL_SPELLINGS.get(spelling, spelling)
