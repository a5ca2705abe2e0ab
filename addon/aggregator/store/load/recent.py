"""Recent rows: what is not yet a segment, in an in-memory table with the same columns."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import duckdb

from aggregator.record import normalise
from aggregator.sql import quote_identifier
from aggregator.store.load import uids
from aggregator.store.load.lines import MISCOUNTED, Lines, assign_columns, read_lines
from aggregator.store.load.loaded import Loaded
from aggregator.store.log.frame import Batch
from aggregator.store.part import Part, View


class RecentRows(Part):
    """The records of a stretch of lines, in memory.

    Args:
        database: the in-memory database.
        first_seq: number of the first line.
    """

    __slots__ = ("_connection", "_fields", "_names", "_table")

    def __init__(self, database: duckdb.DuckDBPyConnection, first_seq: int) -> None:
        self._connection = database.cursor()
        self._names = {name.casefold(): name for name in normalise.MARKS}
        self._fields: Mapping[str, str] = {name: name for name in normalise.MARKS}
        self._table = f"recent_{first_seq}"
        columns = ", ".join(
            f"{quote_identifier(name)} {kind}" for name, kind in normalise.column_types().items()
        )
        self._connection.execute(f"CREATE TABLE {self._table} ({columns})")
        super().__init__(first_seq, View(self._table, self._fields), last_seq=first_seq - 1)

    def load(self, frames: Sequence[Batch]) -> Loaded:
        """Add the lines of frames that follow each other, without those that came before.

        Raises:
            duckdb.Error: the engine lacks memory or disk; nothing was added.
            MemoryError: likewise.
        """
        return read_lines(
            self._connection,
            frames,
            lambda keys: assign_columns(keys, self._names),
            lambda lines: self._load(frames, lines),
        )

    def dispose(self) -> None:
        """Drop the table."""
        self._connection.execute(f"DROP TABLE {self._table}")
        self._connection.close()

    def _load(self, frames: Sequence[Batch], lines: Lines) -> Loaded:
        self._connection.execute("BEGIN")
        try:
            for field in lines.fields.keys() - self._fields.keys():
                column = quote_identifier(lines.fields[field])
                self._connection.execute(f"ALTER TABLE {self._table} ADD COLUMN {column} JSON")
            self._connection.execute(f"INSERT INTO {self._table} BY NAME {lines.select}")
            loaded = self._account(frames, lines.rows)
            self._connection.execute("COMMIT")
        except BaseException:
            # A COMMIT that fails may have ended the transaction already.
            with suppress(duckdb.TransactionException):
                self._connection.execute("ROLLBACK")
            raise
        self._fields = {**self._fields, **lines.fields}
        self._show(loaded)
        return loaded

    def _account(self, frames: Sequence[Batch], rows: int) -> Loaded:
        """Remove what came twice, and count what remains."""
        first_seq = frames[0].first_seq
        duplicates = self._remove_duplicates(first_seq)
        loaded = Loaded.count(
            self._connection, f"{self._table} WHERE _seq >= {first_seq}", frames, duplicates
        )
        if loaded.rows + duplicates != rows:
            raise duckdb.DataError(MISCOUNTED)
        return loaded

    def _show(self, loaded: Loaded) -> None:
        """Let readers see what was added."""
        if loaded.rows:
            self.first_ns = min(self.first_ns, loaded.first_ns) if self.rows else loaded.first_ns
            self.last_ns = max(self.last_ns, loaded.last_ns)
            self.rows += loaded.rows
        self.view = View(self._table, self._fields)
        self.last_seq = loaded.last_seq

    def _remove_duplicates(self, first_seq: int) -> int:
        """Delete the new rows whose `uid` is known, and remember the uids of the others."""
        sent = uids.sent(f"(FROM {self._table} WHERE _seq >= {first_seq})")
        (any_sent,) = self._connection.execute(f"SELECT count(*) FROM {sent}").fetchone() or (0,)
        if not any_sent:
            return 0
        duplicates = self._connection.execute(
            f"DELETE FROM {self._table} WHERE _seq IN ("
            f"SELECT _seq FROM {sent} SEMI JOIN {uids.TABLE} USING (uid) UNION "
            f"SELECT _seq FROM {sent} QUALIFY row_number() OVER (PARTITION BY uid ORDER BY _seq) > 1)"
        ).fetchone()
        self._connection.execute(
            f"INSERT INTO {uids.TABLE} SELECT uid, _seq FROM {sent} ANTI JOIN {uids.TABLE} USING (uid)"
        )
        return int(duplicates[0]) if duplicates else 0
