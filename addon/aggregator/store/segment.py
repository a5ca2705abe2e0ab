"""Segments: immutable Parquet files, each made of the rows of one log file."""

from collections.abc import Iterable
from pathlib import Path

import duckdb

from aggregator.record import normalise
from aggregator.sql import quote_literal
from aggregator.store.files import sync_file, sync_folder
from aggregator.store.lines import MISCOUNTED
from aggregator.store.part import Part, View

_OPTIONS = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2"
_ROW_GROUP_ROWS = 122_880
_FULL_WIDTH = 48
"""Columns up to which row groups have their full size: the writer's memory grows with columns times rows."""

_VECTOR_ROWS = 2048


class Segment(Part):
    """The rows of one Parquet file."""

    __slots__ = ("path",)

    def __init__(self, path: Path, columns: dict[str, str]) -> None:
        super().__init__(
            first_seq=int(path.stem),
            view=View(f"read_parquet({quote_literal(str(path))})", columns),
            size_bytes=path.stat().st_size,
        )
        self.path = path

    def dispose(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)


def write(connection: duckdb.DuckDBPyConnection, select: str, path: Path, *, columns: int, rows: int) -> None:
    """Write records as a Parquet file that is there whole or not at all.

    Args:
        connection: where to run the SELECT.
        select: SQL whose rows are the records.
        path: the file.
        columns: how many columns there are of sender fields.
        rows: how many records are expected.

    Raises:
        duckdb.DataError: it was another number of records.
        duckdb.Error: the engine lacks memory or disk.
        OSError: the disk refuses the file.
    """
    temporary = path.with_name(path.name + ".tmp")
    written = connection.execute(
        f"COPY ({select}) TO {quote_literal(str(temporary))} "
        f"({_OPTIONS}, ROW_GROUP_SIZE {_row_group_rows(columns)})"
    ).fetchone()
    if written != (rows,):
        raise duckdb.DataError(MISCOUNTED)
    sync_file(temporary)
    temporary.replace(path)
    sync_folder(path.parent)


def _row_group_rows(sender_columns: int) -> int:
    columns = sender_columns + len(normalise.column_types())
    return min(_ROW_GROUP_ROWS, _ROW_GROUP_ROWS * _FULL_WIDTH // columns // _VECTOR_ROWS * _VECTOR_ROWS)


def read(database: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> list[Segment]:
    """Open segments by their footers.

    Raises:
        duckdb.Error: a file is damaged or no segment.
    """
    listed = [str(path) for path in paths]
    if not listed:
        return []
    with database.cursor() as connection:
        names = connection.execute(
            "SELECT file_name, list(name) FROM parquet_schema(?) WHERE type IS NOT NULL GROUP BY file_name",
            [listed],
        ).fetchall()
        statistics = connection.execute(
            "SELECT file_name, path_in_schema, min(stats_min_value::BIGINT), max(stats_max_value::BIGINT), "
            "sum(row_group_num_rows) FROM parquet_metadata(?) "
            "WHERE path_in_schema IN ('timestamp', '_seq') GROUP BY ALL",
            [listed],
        ).fetchall()
    ranges = {(file, column): (low, high, rows) for file, column, low, high, rows in statistics}
    known = normalise.column_types()
    segments = []
    for file, columns in names:
        fields = {name: name for name in columns if name not in known or name in normalise.MARKS}
        segment = Segment(Path(file), fields)
        first_ns, last_ns, rows = ranges.get((file, "timestamp"), (None, None, 0))
        _, last_seq, _ = ranges.get((file, normalise.SEQ), (None, None, 0))
        if first_ns is None or last_seq is None:
            raise duckdb.DataError(f"{file} has no statistics")
        segment.first_ns, segment.last_ns, segment.rows, segment.last_seq = first_ns, last_ns, rows, last_seq
        segments.append(segment)
    return segments
