"""Adds to understood lines what was told of them besides: where they come from, when they were written."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

import msgspec

IN_LINE: Final = "line."
"""Goes before the name of a line's field where something else was told under that name."""

_Members = dict[str, msgspec.Raw]
_DECODER: Final = msgspec.json.Decoder(_Members)


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
        return _all_joined(rows, told)
    return [
        _merged(row, members) if any(token in row for token in clashing) else _joined(row, members)
        for row, members in zip(rows, told, strict=True)
    ]


def with_hints(rows: Sequence[bytes], names: Collection[str], hints: Sequence[bytes]) -> list[bytes]:
    """Add members to the JSON objects that have none by any of some names.

    Args:
        rows: JSON objects that are not empty.
        names: all names of what is hinted at.
        hints: the members for each; may be empty.
    """
    written = b"\n".join(rows)
    present = [token for token in map(_token, names) if token in written]
    if not present:
        return _all_joined(rows, hints)
    return [
        row
        if any(token in row for token in present) and not _DECODER.decode(row).keys().isdisjoint(names)
        else _joined(row, hint)
        for row, hint in zip(rows, hints, strict=True)
    ]


@lru_cache(maxsize=1024)
def _token(name: str) -> bytes:
    return msgspec.json.encode(name)


def _all_joined(rows: Sequence[bytes], told: Sequence[bytes]) -> list[bytes]:
    if all(told):
        return [b"{%b,%b" % (members, row[1:]) for row, members in zip(rows, told, strict=True)]
    return [_joined(row, members) for row, members in zip(rows, told, strict=True)]


def _joined(row: bytes, members: bytes) -> bytes:
    return b"{%b,%b" % (members, row[1:]) if members else row


def _merged(row: bytes, members: bytes) -> bytes:
    told = _DECODER.decode(b"{%b}" % members)
    own = _DECODER.decode(row)
    for name in told.keys() & own.keys():
        value = own.pop(name)
        if not _is_same(name, bytes(value), bytes(told[name])):
            own.setdefault(f"{IN_LINE}{name}", value)
    return msgspec.json.encode(told | own)


def _is_same(name: str, one: bytes, other: bytes) -> bool:
    return one == other or (name == "level" and one.lower() == other.lower())
