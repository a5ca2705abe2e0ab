"""Gives the lines of frames to the engine, as a SELECT of records."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import structlog

from aggregator import limits
from aggregator.record import normalise
from aggregator.record.fields import CANONICAL_NAMES
from aggregator.sql import quote_literal
from aggregator.store import repair
from aggregator.store.frame import Frame

_log = structlog.get_logger(__name__)
MISCOUNTED = "the engine read another number of lines than were taken"
_UNREADABLE = (duckdb.InvalidInputException, duckdb.DataError)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that the engine can read, once.

    Args:
        rows: how many lines.
        keys: their top-level keys, the most frequent first.
        fields: sender field → column, for the fields that have a column of their own.
        select: SQL whose rows are the records.
    """

    rows: int
    keys: Sequence[str]
    fields: Mapping[str, str]
    select: str


def read_lines[T](
    connection: duckdb.DuckDBPyConnection,
    frames: Sequence[Frame],
    columns: Callable[[Sequence[str]], Mapping[str, str]],
    use: Callable[[Lines], T],
) -> T:
    """Use the lines of frames that follow each other; those that can't be read are repaired, or kept as text.

    Args:
        connection: to find the keys with.
        frames: the frames.
        columns: gives the fields among some keys that have a column of their own.
        use: runs the SELECT; called again with repaired lines after a `duckdb.DataError` of any kind.

    Raises:
        duckdb.Error: the engine lacks memory or disk.
    """
    lines = b"".join(frame.lines for frame in frames)
    rows = sum(frame.rows for frame in frames)
    origins = [normalise.Origin(frame.rows, frame.observed_ns, frame.source) for frame in frames]

    def attempt(readable: bytes) -> T:
        with _file_of(readable) as path:
            keys = _keys(connection, path)
            fields = columns(keys)
            batch = normalise.Batch(path, frames[0].first_seq, origins, b"null" in readable)
            return use(Lines(rows, keys, fields, normalise.select(batch, keys, fields)))

    for remedy in (bytes, repair.repair):
        try:
            return attempt(remedy(lines))
        except _UNREADABLE as error:
            _log.warning("lines need repair", first_seq=frames[0].first_seq, error=str(error))
    return attempt(repair.all_as_text(lines))


def assign_columns(keys: Sequence[str], names: dict[str, str]) -> dict[str, str]:
    """Give the fields among some keys a column of their own, as far as there is room.

    Args:
        keys: top-level keys, the most frequent first.
        names: the columns that are taken, by their names without case; new ones are added.

    Returns:
        Sender field → column, for the keys that have one.
    """
    fields: dict[str, str] = {}
    for key in normalise.own_fields(keys):
        if not normalise.has_own_column(key):
            continue
        if len(names) < limits.FIELD_COLUMNS:
            names.setdefault(key.casefold(), key)
        if names.get(key.casefold()) == key:
            fields[key] = key
    return fields


@contextmanager
def _file_of(lines: bytes) -> Iterator[str]:
    """A file in memory that the engine can read."""
    descriptor = os.memfd_create("lines")
    try:
        with os.fdopen(descriptor, "wb", closefd=False) as file:
            file.write(lines)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _keys(connection: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """The top-level keys in a file: the record's own first, then the most frequent."""
    own = ", ".join(map(quote_literal, CANONICAL_NAMES))
    return [
        key
        for (key,) in connection.execute(
            f"SELECT key FROM (SELECT unnest(json_keys(json)) AS key FROM {normalise.lines(path)}) "
            f"GROUP BY key ORDER BY key IN ({own}) DESC, count(*) DESC, key LIMIT {4 * limits.FIELD_COLUMNS}"
        ).fetchall()
    ]
