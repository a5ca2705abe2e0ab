"""Recent rows: what is not yet a segment, in an in-memory table with the same columns."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import structlog

from aggregator import limits
from aggregator.record import normalise
from aggregator.record.fields import CANONICAL_NAMES
from aggregator.sql import quote_identifier, quote_literal
from aggregator.store import repair
from aggregator.store.frame import Frame
from aggregator.store.part import Part, View

_log = structlog.get_logger(__name__)
_OWN_TABLE_ROWS = 4096
"""Rows from which on a load becomes a table of its own."""

_UNREADABLE = (duckdb.InvalidInputException, duckdb.DataError)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load brought.

    Args:
        last_seq: number of the last line.
        observed_ns: when the last line was taken, ns since the epoch.
        counts: (service, level, rows) of what was added.
        first_ns: earliest timestamp of what was added; None if nothing was.
        last_ns: latest timestamp of what was added.
        duplicates: rows left out because their `uid` was there already.
    """

    last_seq: int
    observed_ns: int
    counts: list[tuple[str | None, str | None, int]]
    first_ns: int | None
    last_ns: int | None
    duplicates: int


class RecentRows(Part):
    """The rows of one log file, in memory.

    A large load becomes a table of its own, since adding it to another would copy it once more;
    small ones share a table.

    Args:
        database: the in-memory database.
        first_seq: number of the log file.
    """

    __slots__ = ("_connection", "_fields", "_shared", "_shared_fields", "_tables")

    def __init__(self, database: duckdb.DuckDBPyConnection, first_seq: int) -> None:
        self._connection = database.cursor()
        self._fields = {name: name for name in normalise.MARKS}
        self._shared = f"recent_{first_seq}"
        self._shared_fields = set(self._fields)
        self._tables = [self._shared]
        columns = ", ".join(
            f"{quote_identifier(name)} {kind}" for name, kind in normalise.column_types().items()
        )
        self._connection.execute(f"CREATE TABLE {self._shared} ({columns})")
        super().__init__(first_seq, self._view(), last_seq=first_seq - 1)

    def load(self, frames: Sequence[Frame]) -> Loaded:
        """Add the lines of frames that follow each other.

        A line that the engine can't read is repaired, or kept as text.

        Raises:
            duckdb.Error: the engine lacks memory or disk; nothing was added.
        """
        lines = b"".join(frame.lines for frame in frames)
        for remedy in (bytes, repair.repair):
            try:
                return self._load(frames, remedy(lines))
            except _UNREADABLE as error:
                _log.warning("lines need repair", first_seq=frames[0].first_seq, error=str(error))
        return self._load(frames, repair.all_as_text(lines))

    def dispose(self) -> None:
        """Drop the tables."""
        for table in self._tables:
            self._connection.execute(f"DROP TABLE {table}")
        self._connection.close()

    def _load(self, frames: Sequence[Frame], lines: bytes) -> Loaded:
        descriptor = os.memfd_create("lines")
        try:
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(lines)
            path = f"/proc/self/fd/{descriptor}"
            keys = self._keys(path)
            fields = self._with_columns(keys)
            self._connection.execute("BEGIN")
            try:
                select = normalise.select(_batch(frames, path), keys, fields)
                table = self._insert(frames, fields, select)
                loaded = self._account(frames, table)
            except duckdb.Error:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        finally:
            os.close(descriptor)
        self._show(table, fields, loaded)
        return loaded

    def _insert(self, frames: Sequence[Frame], fields: Mapping[str, str], select: str) -> str:
        """Add records to the shared table, or make a table of them; return its name."""
        if sum(frame.rows for frame in frames) >= _OWN_TABLE_ROWS:
            table = f"{self._shared}_{frames[0].first_seq}"
            self._connection.execute(f"CREATE TABLE {table} AS {select}")
            return table
        for field in fields.keys() - self._shared_fields:
            column = quote_identifier(fields[field])
            self._connection.execute(f"ALTER TABLE {self._shared} ADD COLUMN {column} JSON")
        self._connection.execute(f"INSERT INTO {self._shared} BY NAME {select}")
        return self._shared

    def _account(self, frames: Sequence[Frame], table: str) -> Loaded:
        """Remove what came twice, and count what remains."""
        first_seq = frames[0].first_seq
        duplicates = self._remove_duplicates(table, first_seq)
        counts = self._connection.execute(
            f"SELECT service, level, count(*), min(timestamp), max(timestamp) FROM {table} "
            f"WHERE _seq >= {first_seq} GROUP BY ALL"
        ).fetchall()
        rows = sum(count for _, _, count, _, _ in counts)
        if rows + duplicates != sum(frame.rows for frame in frames):
            raise duckdb.DataError("the lines read are not the lines taken")
        return Loaded(
            last_seq=frames[-1].last_seq,
            observed_ns=frames[-1].observed_ns,
            counts=[(service, level, count) for service, level, count, _, _ in counts],
            first_ns=min((first_ns for *_, first_ns, _ in counts), default=None),
            last_ns=max((last_ns for *_, last_ns in counts), default=None),
            duplicates=duplicates,
        )

    def _show(self, table: str, fields: Mapping[str, str], loaded: Loaded) -> None:
        """Let readers see what was loaded."""
        if table == self._shared:
            self._shared_fields |= fields.keys()
        else:
            self._tables.append(table)
        self._fields |= fields
        if loaded.first_ns is not None and loaded.last_ns is not None:
            self.first_ns = min(self.first_ns, loaded.first_ns) if self.rows else loaded.first_ns
            self.last_ns = max(self.last_ns, loaded.last_ns)
        self.rows += sum(count for _, _, count in loaded.counts)
        self.view = self._view()
        self.last_seq = loaded.last_seq

    def _view(self) -> View:
        if len(self._tables) == 1:
            return View(self._shared, dict(self._fields))
        united = " UNION ALL BY NAME ".join(f"FROM {table}" for table in self._tables)
        return View(f"({united})", dict(self._fields))

    def _keys(self, path: str) -> list[str]:
        """The top-level keys in a file: the record's own first, then the most frequent."""
        own = ", ".join(map(quote_literal, CANONICAL_NAMES))
        return [
            key
            for (key,) in self._connection.execute(
                f"SELECT key FROM (SELECT unnest(json_keys(json)) AS key FROM {normalise.lines(path)}) "
                f"GROUP BY key ORDER BY key IN ({own}) DESC, count(*) DESC, key "
                f"LIMIT {4 * limits.FIELD_COLUMNS}"
            ).fetchall()
        ]

    def _with_columns(self, keys: list[str]) -> dict[str, str]:
        """The fields of a batch that have, or now get, a column of their own."""
        fields: dict[str, str] = {}
        taken = {column.casefold() for column in self._fields.values()}
        for key in normalise.own_fields(keys):
            if key in self._fields:
                fields[key] = self._fields[key]
            elif (
                len(taken) < limits.FIELD_COLUMNS
                and key.casefold() not in taken
                and normalise.has_own_column(key)
            ):
                fields[key] = key
                taken.add(key.casefold())
        return fields

    def _remove_duplicates(self, table: str, first_seq: int) -> int:
        """Delete the new rows whose `uid` is known, and remember the uids of the others."""
        new = f"_seq >= {first_seq} AND uid <> ''"
        sent = f"(SELECT _seq, hash(uid) AS uid FROM {table} WHERE {new})"
        (any_sent,) = self._connection.execute(f"SELECT count(*) FROM {sent}").fetchone() or (0,)
        if not any_sent:
            return 0
        duplicates = self._connection.execute(
            f"DELETE FROM {table} WHERE _seq IN ("
            f"SELECT _seq FROM {sent} SEMI JOIN recent_uids USING (uid) UNION "
            f"SELECT _seq FROM {sent} QUALIFY row_number() OVER (PARTITION BY uid ORDER BY _seq) > 1)"
        ).fetchone()
        self._connection.execute(
            f"INSERT INTO recent_uids SELECT uid, _seq FROM {sent} ANTI JOIN recent_uids USING (uid)"
        )
        return int(duplicates[0]) if duplicates else 0


def _batch(frames: Sequence[Frame], path: str) -> normalise.Batch:
    origins = [normalise.Origin(frame.rows, frame.observed_ns, frame.source) for frame in frames]
    return normalise.Batch(path, frames[0].first_seq, origins)
