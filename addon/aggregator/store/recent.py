"""Recent rows: what is not yet a segment, in an in-memory table with the same columns."""

import os
from dataclasses import dataclass

import duckdb
import structlog

from aggregator import limits
from aggregator.record import normalise
from aggregator.sql import quote_identifier
from aggregator.store import repair
from aggregator.store.frame import Frame
from aggregator.store.part import Part

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one frame brought.

    Args:
        frame: the frame.
        counts: (service, level, rows) of what was added.
        duplicates: rows left out because their `uid` was there already.
    """

    frame: Frame
    counts: list[tuple[str | None, str | None, int]]
    duplicates: int


class RecentRows(Part):
    """The rows of one log file, in memory.

    Args:
        database: the in-memory database.
        first_seq: number of the log file.
    """

    __slots__ = ("_connection", "_fields", "_table")

    def __init__(self, database: duckdb.DuckDBPyConnection, first_seq: int) -> None:
        self._table = f"recent_{first_seq}"
        self._fields: dict[str, str] = {name: name for name in normalise.MARKS}
        super().__init__(first_seq, self._table, self._fields, last_seq=first_seq - 1)
        self._connection = database.cursor()
        columns = ", ".join(
            f"{quote_identifier(name)} {kind}" for name, kind in normalise.column_types().items()
        )
        self._connection.execute(f"CREATE TABLE {self._table} ({columns})")

    def load(self, frame: Frame) -> Loaded:
        """Add the lines of a frame; a line that the engine can't read is repaired or kept as text."""
        try:
            return self._load(frame, frame.lines)
        except duckdb.Error as error:
            _log.warning("lines need repair", first_seq=frame.first_seq, rows=frame.rows, error=str(error))
        try:
            return self._load(frame, repair.repair(frame.lines))
        except duckdb.Error as error:
            _log.warning("lines kept as text", first_seq=frame.first_seq, rows=frame.rows, error=str(error))
            return self._load(frame, repair.all_as_text(frame.lines))

    def dispose(self) -> None:
        """Drop the table."""
        self._connection.execute(f"DROP TABLE {self._table}")
        self._connection.close()

    def _load(self, frame: Frame, lines: bytes) -> Loaded:
        descriptor = os.memfd_create("frame")
        try:
            with os.fdopen(descriptor, "wb", closefd=False) as file:
                file.write(lines)
            path = f"/proc/self/fd/{descriptor}"
            keys = self._keys(path)
            self._add_columns(keys)
            self._connection.execute("BEGIN")
            try:
                loaded = self._insert(frame, keys, path)
            except duckdb.Error:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        finally:
            os.close(descriptor)
        self.last_seq = frame.last_seq
        self._measure()
        return loaded

    def _insert(self, frame: Frame, keys: list[str], path: str) -> Loaded:
        batch = normalise.Batch(path, frame.first_seq, frame.observed_ns, frame.source)
        select = normalise.select(batch, keys, self._fields)
        self._connection.execute(f"INSERT INTO {self._table} BY NAME {select}")
        duplicates = self._remove_duplicates(frame.first_seq)
        counts = self._connection.execute(
            f"SELECT service, level, count(*) FROM {self._table} WHERE _seq >= ? GROUP BY ALL",
            [frame.first_seq],
        ).fetchall()
        if sum(count for _, _, count in counts) + duplicates != frame.rows:
            raise duckdb.DataError("the lines read are not the lines taken")
        return Loaded(frame, counts, duplicates)

    def _keys(self, path: str) -> list[str]:
        """The top-level keys in a file, most frequent first."""
        return [
            key
            for (key,) in self._connection.execute(
                f"SELECT key FROM (SELECT unnest(json_keys(json)) AS key FROM {normalise.lines(path)}) "
                f"GROUP BY key ORDER BY count(*) DESC, key LIMIT {4 * limits.FIELD_COLUMNS}"
            ).fetchall()
        ]

    def _add_columns(self, keys: list[str]) -> None:
        taken = {column.casefold() for column in self._fields.values()}
        for key in normalise.own_fields(keys):
            if len(self._fields) >= limits.FIELD_COLUMNS:
                return
            if key in self._fields or key.casefold() in taken or not normalise.has_own_column(key):
                continue
            self._connection.execute(f"ALTER TABLE {self._table} ADD COLUMN {quote_identifier(key)} JSON")
            self._fields[key] = key
            taken.add(key.casefold())

    def _remove_duplicates(self, first_seq: int) -> int:
        """Delete the new rows whose `uid` is known, and remember the uids of the others."""
        new = f"_seq >= {first_seq} AND uid IS NOT NULL"
        sent = f"(SELECT _seq, hash(uid) AS uid FROM {self._table} WHERE {new})"
        (any_sent,) = self._connection.execute(f"SELECT count(*) FROM {sent}").fetchone() or (0,)
        if not any_sent:
            return 0
        duplicates = self._connection.execute(
            f"DELETE FROM {self._table} WHERE _seq IN ("
            f"SELECT _seq FROM {sent} SEMI JOIN recent_uids USING (uid) UNION "
            f"SELECT _seq FROM {sent} QUALIFY row_number() OVER (PARTITION BY uid ORDER BY _seq) > 1)"
        ).fetchone()
        self._connection.execute(
            f"INSERT INTO recent_uids SELECT uid, _seq FROM {sent} ANTI JOIN recent_uids USING (uid)"
        )
        return int(duplicates[0]) if duplicates else 0

    def _measure(self) -> None:
        rows, first_ns, last_ns = self._connection.execute(
            f"SELECT count(*), coalesce(min(timestamp), 0), coalesce(max(timestamp), 0) FROM {self._table}"
        ).fetchone() or (0, 0, 0)
        self.rows, self.first_ns, self.last_ns = rows, first_ns, last_ns
