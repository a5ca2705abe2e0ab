"""Recent rows: what is not yet a segment, in in-memory tables with the same columns."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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

OWN_TABLE_ROWS = 4096
"""Rows from which on a load is worth a table of its own."""

_MISCOUNTED = "the lines read are not the lines taken"
_UNREADABLE = (duckdb.DataError, duckdb.ProgrammingError)
"""What lines can bring about; lack of memory or disk is an operational error."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Records in a table that no reader sees yet.

    Args:
        frames: the frames that they came from.
        table: the table.
        fields: sender field → column, for the columns that it has beside those of every table.
    """

    frames: Sequence[Frame]
    table: str
    fields: Mapping[str, str]


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

    A large load is prepared as a table of its own, since adding it to another would copy it once more;
    small ones share a table. All but `prepare` belong to one thread.

    Args:
        database: the in-memory database.
        first_seq: number of the log file.
    """

    __slots__ = ("_connection", "_database", "_fields", "_names", "_names_lock", "_shared", "_tables")

    def __init__(self, database: duckdb.DuckDBPyConnection, first_seq: int) -> None:
        self._database = database
        self._connection = database.cursor()
        self._names_lock = threading.Lock()
        self._names = {name.casefold(): name for name in normalise.MARKS}
        self._fields = {name: name for name in normalise.MARKS}
        self._shared = Prepared([], f"recent_{first_seq}", dict(self._fields))
        self._tables = [self._shared.table]
        columns = ", ".join(
            f"{quote_identifier(name)} {kind}" for name, kind in normalise.column_types().items()
        )
        self._connection.execute(f"CREATE TABLE {self._shared.table} ({columns})")
        super().__init__(first_seq, self._view(), last_seq=first_seq - 1)

    def prepare(self, frames: Sequence[Frame]) -> Prepared:
        """Make a table of the lines of frames that follow each other; safe in any thread.

        A line that the engine can't read is repaired, or kept as text.

        Raises:
            duckdb.Error: the engine lacks memory or disk; nothing was added.
        """
        table = f"{self._shared.table}_{frames[0].first_seq}"
        with self._database.cursor() as connection:

            def create(fields: Mapping[str, str], select: str) -> Prepared:
                connection.execute(f"CREATE OR REPLACE TABLE {table} AS {select}")
                (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
                if rows != sum(frame.rows for frame in frames):
                    raise duckdb.DataError(_MISCOUNTED)
                return Prepared(frames, table, fields)

            return self._read(connection, frames, create)

    def add(self, prepared: Prepared) -> Loaded:
        """Show prepared rows to readers, without those that came before."""
        loaded = self._account(prepared)
        self._tables.append(prepared.table)
        self._show(prepared, loaded)
        return loaded

    def load(self, frames: Sequence[Frame]) -> Loaded:
        """Add the lines of frames that follow each other; what `prepare` says of lines holds here too.

        Raises:
            duckdb.Error: the engine lacks memory or disk; nothing was added.
        """
        return self._read(
            self._connection, frames, lambda fields, select: self._load_shared(frames, fields, select)
        )

    def dispose(self) -> None:
        """Drop the tables."""
        for table in self._tables:
            self._connection.execute(f"DROP TABLE {table}")
        self._connection.close()

    def _read[T](
        self,
        connection: duckdb.DuckDBPyConnection,
        frames: Sequence[Frame],
        store: Callable[[Mapping[str, str], str], T],
    ) -> T:
        """Give lines to the engine, repaired if need be; `store` gets the fields and the SELECT."""
        lines = b"".join(frame.lines for frame in frames)
        origins = [normalise.Origin(frame.rows, frame.observed_ns, frame.source) for frame in frames]
        for remedy in (bytes, repair.repair, repair.all_as_text):
            readable = remedy(lines)
            with _file_of(readable) as path:
                try:
                    keys = _keys(connection, path)
                    fields = self._with_columns(keys)
                    batch = normalise.Batch(path, frames[0].first_seq, origins, b"null" in readable)
                    return store(fields, normalise.select(batch, keys, fields))
                except _UNREADABLE as error:
                    if remedy is repair.all_as_text:
                        raise
                    _log.warning("lines need repair", first_seq=frames[0].first_seq, error=str(error))
        raise AssertionError("the last remedy returns or raises")

    def _load_shared(self, frames: Sequence[Frame], fields: Mapping[str, str], select: str) -> Loaded:
        shared = self._shared
        self._connection.execute("BEGIN")
        try:
            for field in fields.keys() - shared.fields.keys():
                column = quote_identifier(fields[field])
                self._connection.execute(f"ALTER TABLE {shared.table} ADD COLUMN {column} JSON")
            self._connection.execute(f"INSERT INTO {shared.table} BY NAME {select}")
            added = Prepared(frames, shared.table, {**shared.fields, **fields})
            loaded = self._account(added)
        except duckdb.Error:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        self._shared = added
        self._show(added, loaded)
        return loaded

    def _account(self, added: Prepared) -> Loaded:
        """Remove what came twice, and count what remains."""
        first_seq = added.frames[0].first_seq
        duplicates = self._remove_duplicates(added.table, first_seq)
        counts = self._connection.execute(
            f"SELECT service, level, count(*), min(timestamp), max(timestamp) FROM {added.table} "
            f"WHERE _seq >= {first_seq} GROUP BY ALL"
        ).fetchall()
        rows = sum(count for _, _, count, _, _ in counts)
        if rows + duplicates != sum(frame.rows for frame in added.frames):
            raise duckdb.DataError(_MISCOUNTED)
        return Loaded(
            last_seq=added.frames[-1].last_seq,
            observed_ns=added.frames[-1].observed_ns,
            counts=[(service, level, count) for service, level, count, _, _ in counts],
            first_ns=min((first_ns for *_, first_ns, _ in counts), default=None),
            last_ns=max((last_ns for *_, last_ns in counts), default=None),
            duplicates=duplicates,
        )

    def _show(self, added: Prepared, loaded: Loaded) -> None:
        """Let readers see what was added."""
        self._fields |= added.fields
        if loaded.first_ns is not None and loaded.last_ns is not None:
            self.first_ns = min(self.first_ns, loaded.first_ns) if self.rows else loaded.first_ns
            self.last_ns = max(self.last_ns, loaded.last_ns)
        self.rows += sum(count for _, _, count in loaded.counts)
        self.view = self._view()
        self.last_seq = loaded.last_seq

    def _view(self) -> View:
        if len(self._tables) == 1:
            return View(self._shared.table, dict(self._fields))
        united = " UNION ALL BY NAME ".join(f"FROM {table}" for table in self._tables)
        return View(f"({united})", dict(self._fields))

    def _with_columns(self, keys: list[str]) -> dict[str, str]:
        """The fields among the keys that have, or now get, a column of their own."""
        fields: dict[str, str] = {}
        with self._names_lock:
            for key in normalise.own_fields(keys):
                if not normalise.has_own_column(key):
                    continue
                if len(self._names) < limits.FIELD_COLUMNS:
                    self._names.setdefault(key.casefold(), key)
                if self._names.get(key.casefold()) == key:
                    fields[key] = key
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
