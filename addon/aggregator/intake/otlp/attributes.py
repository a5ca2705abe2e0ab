"""Attributes, as members of a JSON object."""

import math
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from aggregator import limits
from aggregator.intake.foreign_names import own_name

type Value = str | int | float | bool | list[Value] | dict[str, Value] | msgspec.Raw | None

_ENCODER: Final = msgspec.json.Encoder()


class Members(dict[bytes, bytes]):
    """The member of each attribute, with a comma behind it, by the attribute's bytes as they were sent.

    Most attributes come with many records, so that few of them are read.

    Args:
        read: reads an attribute, its name and its value.
    """

    def __init__(self, read: Callable[[bytes], tuple[str, Value]]) -> None:
        super().__init__()
        self._read = read
        self._heads: dict[str, bytes] = {}

    def __missing__(self, sent: bytes) -> bytes:
        """Read an attribute."""
        name, value = self._read(sent)
        head = self._heads.get(name)
        if head is None:
            head = self._heads[name] = _head(name)
        written = head + _ENCODER.encode(value) + b","
        if len(self) < limits.KNOWN_ATTRIBUTES:
            self[sent] = written
        return written

    def names(self) -> frozenset[str]:
        """Return the names of all attributes that were read so far."""
        return frozenset(own_name(name) for name in self._heads)

    def all_of(self, sent: Iterable[bytes]) -> dict[str, msgspec.Raw]:
        """Read attributes that are looked at by name."""
        return {own_name(name): raw(value) for name, value in map(self._read, sent)}


def member(name: str, value: Value) -> bytes:
    """Write a member of a JSON object, with a comma behind it."""
    return _head(name) + _ENCODER.encode(value) + b","


def _head(name: str) -> bytes:
    return _ENCODER.encode(own_name(name)) + b":"


def raw(value: Value) -> msgspec.Raw:
    """Write a value as JSON."""
    return msgspec.Raw(_ENCODER.encode(value))


def number(value: float) -> float | str:
    """Return a number as JSON can have it: what is none, or infinite, as text."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
