"""Segments: immutable Parquet files, each with the records of a stretch of lines and an index beside it."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, override

import duckdb
import structlog

from aggregator.limits import MIB
from aggregator.memory import give_back_engine
from aggregator.record import normalise
from aggregator.sql import quote_literal
from aggregator.store.files import INDEX_SUFFIX, Span, size_bytes, sync_file, sync_folder
from aggregator.store.load.lines import MISCOUNTED
from aggregator.store.part import Part, View
from aggregator.store.segments import index
from aggregator.store.segments.counts import Counts
from aggregator.store.segments.index import Index, IndexDamagedError

_log = structlog.get_logger(__name__)

_OPTIONS: Final = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION v2, "
    # Columns of IDs and messages are smaller without a dictionary; filters of them stand in the index.
    "STRING_DICTIONARY_PAGE_SIZE_LIMIT 100000, WRITE_BLOOM_FILTER false"
)
_ROW_GROUP_ROWS: Final = 16_384
"""Rows of a row group, all of which is decompressed for one record of it: with 65,536 that takes twice as
long, and saves 5 % of the disk."""

_FULL_WIDTH: Final = 48
"""Columns up to which row groups have their full size: the writer's memory grows with columns times rows."""

_ROW_GROUP_TEXT_BYTES: Final = 16 * MIB
"""Running text of one row group: the writer holds all of it, up to twice."""

_VECTOR_ROWS: Final = 2048
_MAGIC: Final = b"PAR1"
_US: Final = normalise.TIMESTAMP_US
_NS: Final = normalise.TIMESTAMP_NS


class Segment(Part):
    """The records of one Parquet file.

    Args:
        path: the file.
        span: what it was made of.
        known: its index.
        is_whole: whether the file is known to be as it was written.
    """

    __slots__ = ("_counts", "index", "is_whole", "path", "span")

    def __init__(self, path: Path, span: Span, known: Index, *, is_whole: bool = False) -> None:
        facts = known.facts
        super().__init__(
            first_seq=span.first_seq,
            view=View(relation([path]), _fields(facts.columns), known.spelled),
            rows=facts.rows,
            first_ns=facts.first_ns,
            last_ns=facts.last_ns,
            last_seq=span.last_seq,
            size_bytes=facts.segment_bytes + size_bytes(path.with_suffix(INDEX_SUFFIX)),
        )
        self.path = path
        self.span = span
        self.index = known
        self.is_whole = is_whole
        self._counts: Counts | None = None

    @property
    @override
    def counts(self) -> Counts:
        if self._counts is None:
            self._counts = Counts.decode(self.index.facts.counts)
        return self._counts

    @override
    def is_chosen(self, choice: Callable[[Index], bool]) -> bool:
        return choice(self.index)

    def check(self) -> bool:
        """Tell whether the file is as it was written; read it for that, unless this is known."""
        if not self.is_whole:
            self.is_whole = index.is_whole(self.path, self.index.facts)
        return self.is_whole

    def close(self) -> None:
        """Let go of the files."""
        self.index.close()

    @override
    def dispose(self) -> None:
        self.close()
        try:
            self.path.unlink(missing_ok=True)
            self.path.with_suffix(INDEX_SUFFIX).unlink(missing_ok=True)
        except OSError as error:
            # The next start finds it again, and whoever took it away then does so once more.
            _log.error("segment not deleted", segment=self.path.name, error=str(error))


def relation(paths: Sequence[Path], *, numbered: bool = False) -> str:
    """SQL behind FROM that stands for the records of some segments.

    Args:
        paths: the segments.
        numbered: whether a column `file_index` tells which of them a record is in, from 0.
    """
    files = ", ".join(quote_literal(str(path)) for path in paths)
    number = "file_index, " if numbered else ""
    return (
        f"(SELECT {number}{_US} * 1000 + {_NS} AS timestamp, * EXCLUDE ({_US}, {_NS}) "
        f"FROM read_parquet([{files}], union_by_name = {'true' if len(paths) > 1 else 'false'}))"
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """What a segment is to be made of.

    Args:
        select: SQL whose rows are the records.
        columns: sender fields that have a column.
        rows: how many records are expected, if that is known.
        row_text_bytes: length of a record's running text on average, if it may be long.
        parameters: values bound in the SQL.
    """

    select: str
    columns: Iterable[str]
    rows: int | None = None
    row_text_bytes: int = 0
    parameters: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A segment whose files are durable, but not yet under the name by which a start finds it.

    Args:
        temporary: its file.
        path: the file that it is to become.
        known: its index.
    """

    temporary: Path
    path: Path
    known: Index

    @property
    def relation(self) -> str:
        """SQL behind FROM that stands for its records."""
        return relation([self.temporary])

    def publish(self) -> Segment:
        """Let it be a segment.

        Raises:
            OSError: the disk refuses; nothing is left of it.
        """
        try:
            self.temporary.replace(self.path)
        except OSError:
            self.discard()
            raise
        try:
            sync_folder(self.path.parent)
        except OSError:
            # Whoever wanted the segment keeps the records, so a start must not find them here too.
            self.path.unlink(missing_ok=True)
            self.discard()
            raise
        return Segment(self.path, _span(self.path), self.known, is_whole=True)

    def discard(self) -> None:
        """Delete its files."""
        self.known.close()
        self.temporary.unlink(missing_ok=True)
        self.path.with_suffix(INDEX_SUFFIX).unlink(missing_ok=True)


def write(connection: duckdb.DuckDBPyConnection, contents: Contents, path: Path) -> Segment | None:
    """Write records as a segment that is there whole or not at all.

    Args and errors are those of `draft`.
    """
    made = draft(connection, contents, path)
    return None if made is None else made.publish()


def draft(connection: duckdb.DuckDBPyConnection, contents: Contents, path: Path) -> Draft | None:
    """Write records as what can become a segment in one step.

    Args:
        connection: where to run the SELECT.
        contents: the records.
        path: the segment's file.

    Returns:
        The draft; None when there are no records.

    Raises:
        duckdb.DataError: it was another number of records.
        duckdb.Error: the engine lacks memory or disk.
        OSError: the disk refuses the file.
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        return _write(connection, contents, path, temporary)
    except (OSError, duckdb.Error):
        temporary.unlink(missing_ok=True)
        raise


def _write(
    connection: duckdb.DuckDBPyConnection, contents: Contents, path: Path, temporary: Path
) -> Draft | None:
    columns = tuple(contents.columns)
    stored = (
        # Most senders know no nanoseconds, and without them the timestamp takes half the space.
        f"SELECT timestamp // 1000 AS {_US}, (timestamp % 1000)::SMALLINT AS {_NS}, * EXCLUDE (timestamp) "
        f"FROM ({contents.select})"
    )
    copied = connection.execute(
        f"COPY ({stored}) TO {quote_literal(str(temporary))} "
        f"({_OPTIONS}, ROW_GROUP_SIZE {_row_group_rows(len(columns), contents.row_text_bytes)})",
        contents.parameters,
    ).fetchone()
    written = copied[0] if copied else 0
    if contents.rows not in {None, written}:
        raise duckdb.DataError(MISCOUNTED)
    if not written:
        temporary.unlink()
        return None
    # Two segments may be written at once; by itself the engine keeps for a second what each step took.
    give_back_engine()
    sync_file(temporary)
    known = _index(connection, temporary, columns, path.with_suffix(INDEX_SUFFIX))
    give_back_engine()
    return Draft(temporary, path, known)


def read(connection: duckdb.DuckDBPyConnection, path: Path) -> Segment:
    """Open a segment by its index, which is made again if it is missing, damaged or another segment's.

    Raises:
        duckdb.Error: the file is damaged or no segment.
        OSError: the file can't be read.
    """
    span = _span(path)
    if not _is_parquet(path):
        raise duckdb.DataError(f"{path.name} is not whole")
    index_path = path.with_suffix(INDEX_SUFFIX)
    try:
        known = _read_index(index_path, path)
    except IndexDamagedError as error:
        _log.warning("index is made again", segment=path.name, reason=error.message)
        known = _index(connection, path, _columns(connection, path), index_path)
    return Segment(path, span, known)


def _span(path: Path) -> Span:
    span = Span.of(path)
    if span is None:
        raise duckdb.DataError(f"{path.name} is no segment's name")
    return span


def _is_parquet(path: Path) -> bool:
    """Tell whether a file begins and ends as Parquet files do, without reading the rest."""
    with path.open("rb") as file:
        begins = file.read(len(_MAGIC)) == _MAGIC
        file.seek(-len(_MAGIC), os.SEEK_END)
        return begins and file.read() == _MAGIC


def _read_index(path: Path, segment: Path) -> Index:
    known = index.read(path)
    if known.facts.segment_bytes != segment.stat().st_size:
        known.close()
        raise IndexDamagedError(f"{path.name}: it is of a segment of another size")
    return known


def _index(connection: duckdb.DuckDBPyConnection, segment: Path, columns: Iterable[str], path: Path) -> Index:
    """Make the index of a segment and keep it if there is room; it can be made again."""
    made = index.build(connection, relation([segment]), columns, segment)
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_bytes(made)
        temporary.replace(path)
        return index.read(path)
    except (OSError, IndexDamagedError) as error:
        _log.warning("index is not kept", segment=segment.name, error=str(error))
        temporary.unlink(missing_ok=True)
        return index.decode(made)


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    known = normalise.column_types().keys() | {_US, _NS}
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote_literal(str(path))})")
    return [name for name, *_ in described.fetchall() if name not in known]


def _fields(columns: Iterable[str]) -> dict[str, str]:
    return {name: name for name in (*normalise.MARKS, *columns)}


def _row_group_rows(sender_columns: int, row_text_bytes: int) -> int:
    columns = sender_columns + len(normalise.column_types())
    rows = min(_ROW_GROUP_ROWS, _ROW_GROUP_ROWS * _FULL_WIDTH // columns)
    if row_text_bytes:
        rows = min(rows, _ROW_GROUP_TEXT_BYTES // row_text_bytes)
    return max(rows // _VECTOR_ROWS, 1) * _VECTOR_ROWS
