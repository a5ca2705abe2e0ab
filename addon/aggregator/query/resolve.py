"""Where the value of a searched field can stand in a relation of records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.record.fields import CANONICAL_NAMES, RECORD_FIELDS
from aggregator.record.normalise import MARKS, SENT_NAMES

MAX_DOTS: Final = 6
"""Dots of a name read as steps into nested objects; each more would multiply the places to look."""


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field with a meaning of its own.

    Args:
        name: one of RECORD_FIELDS.
        column: its column.
    """

    name: str
    column: str


@dataclass(frozen=True, slots=True)
class JsonField:
    """A field that a sender made up.

    Args:
        column: a column of JSON text.
        pointers: JSON pointers to the places inside it; none means all of the column.
    """

    column: str
    pointers: tuple[str, ...] = ()


type Place = RecordField | JsonField


def resolve(field: str, columns: Mapping[str, str], rest: str | None) -> tuple[Place, ...]:
    """List every place where a field's value can stand; a record matches if any of them does.

    Args:
        field: the name as searched for: a record field, another name for one, a field that a sender
            made up, or a dotted path into one.
        columns: the column of each field that has one, by the field's exact name.
        rest: the column with an object of all fields that have no column, if there is one.
    """
    canonical = CANONICAL_NAMES.get(field)
    places: list[Place] = []
    if canonical is not None and canonical in columns:
        places.append(RecordField(canonical, columns[canonical]))
    if field in RECORD_FIELDS:
        return tuple(places)
    if field in columns:
        places.append(JsonField(columns[field]))
    rest_paths: list[list[str]] = []
    for head, tail in _splits(field):
        if head not in columns or head in MARKS:
            rest_paths += [[head, *path] for path in _paths(tail)]
        if tail and head in columns and head not in RECORD_FIELDS:
            places.append(JsonField(columns[head], tuple(map(_pointer, _paths(tail)))))
        if head in SENT_NAMES:
            rest_paths += [[SENT_NAMES[head], *path] for path in _paths(tail)]
    if rest is not None and rest_paths:
        places.append(JsonField(rest, tuple(map(_pointer, rest_paths))))
    return tuple(places)


def first_fields(field: str) -> Iterator[str]:
    """Name the fields made up by senders of which one must be there for a searched name to have a value.

    Args:
        field: no record field's own name.
    """
    return (head for head, _ in _splits(field) if head not in RECORD_FIELDS)


def _splits(field: str) -> Iterator[tuple[str, list[str]]]:
    """Split a name at each of its dots into a top-level field and the names below it."""
    parts = field.split(".", MAX_DOTS)
    for position in range(1, len(parts) + 1):
        yield ".".join(parts[:position]), parts[position:]


def _paths(parts: Sequence[str]) -> list[list[str]]:
    """List the paths that a dotted name can mean: the keys at its end may have dots themselves."""
    if not parts:
        return [[]]
    return [[*parts[:depth], ".".join(parts[depth:])] for depth in range(len(parts))]


def _pointer(path: Sequence[str]) -> str:
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)
