"""Gives the lines of frames to the engine, as a SELECT of records."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import orjson
import structlog

from aggregator import limits
from aggregator.record import exact_numbers, exception_objects, normalise
from aggregator.record.fields import CANONICAL_NAMES
from aggregator.record.utf8 import is_utf8
from aggregator.sql import quote_literal
from aggregator.store.load import repair
from aggregator.store.load.line_table import NAME, LineTable
from aggregator.store.log.frame import Batch

_log = structlog.get_logger(__name__)
MISCOUNTED = "the engine read another number of lines than were taken"
_KEYS = 4 * limits.FIELD_COLUMNS
_KEY_LISTS = 1000
"""Different lists of keys up to which Python counts the keys, which the engine would take longer to plan."""

_UNREADABLE = (duckdb.InvalidInputException, duckdb.DataError)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that the engine can read.

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
    frames: Sequence[Batch],
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
    rows = sum(frame.rows for frame in frames)
    origins = [normalise.Origin(frame.rows, frame.observed_ns, frame.source) for frame in frames]

    def attempt(readable: Callable[[bytes], bytes]) -> T:
        may_have_null = has_protected = False
        known_plain = set()

        def batches() -> Iterator[bytes]:
            # Made anew each time they are read, since all of them together take much memory.
            nonlocal may_have_null, has_protected
            for frame in frames:
                sent = readable(frame.lines)
                if frame.first_seq in known_plain:
                    yield sent
                    continue
                if not is_utf8(sent):
                    # The engine would take it as it is.
                    raise duckdb.DataError("a line is not UTF-8")
                lines = exception_objects.flatten(sent)
                may_have_null = may_have_null or b"null" in lines
                protected = exact_numbers.protect(lines)
                has_protected = has_protected or protected is not lines
                if protected is sent:
                    known_plain.add(frame.first_seq)
                yield protected

        with LineTable(batches).readable(connection):
            keys = _keys(connection)
            fields = columns(keys)
            batch = normalise.Batch(NAME, frames[0].first_seq, origins, may_have_null, has_protected)
            return use(Lines(rows, keys, fields, normalise.select(batch, keys, fields)))

    for remedy in (bytes, repair.repair):
        try:
            return attempt(remedy)
        except _UNREADABLE as error:
            _log.warning("lines need repair", first_seq=frames[0].first_seq, error=str(error))
    return attempt(repair.all_as_text)


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


def _keys(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The top-level keys in the table of lines: the record's own first, then the most frequent.

    Most lines have the same keys as others, so whole lists of keys are counted before single ones.
    """
    key_lists = (
        "SELECT to_json(json_keys(json))::VARCHAR AS keys, count(*)::BIGINT AS lines "
        f"FROM {NAME} GROUP BY ALL"
    )
    found = connection.execute(f"{key_lists} LIMIT {_KEY_LISTS + 1}").fetchall()
    if len(found) <= _KEY_LISTS:
        counts: Counter[str] = Counter()
        for keys, lines in found:
            counts.update(dict.fromkeys(orjson.loads(keys), lines))
        return sorted(counts, key=lambda key: (key not in CANONICAL_NAMES, -counts[key], key))[:_KEYS]
    own = ", ".join(map(quote_literal, CANONICAL_NAMES))
    return [
        key
        for (key,) in connection.execute(
            "SELECT key FROM (SELECT unnest(from_json(keys, '[\"VARCHAR\"]')) AS key, lines "
            f"FROM ({key_lists})) GROUP BY key "
            f"ORDER BY key IN ({own}) DESC, sum(lines) DESC, key LIMIT {_KEYS}"
        ).fetchall()
    ]
