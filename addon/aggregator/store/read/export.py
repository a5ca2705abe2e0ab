"""Exports: all rows of a selection in the order of time, piece by piece, in bounded memory.

The range is cut where parts begin, so that each slice sorts about as many rows as a part has.
"""

import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import duckdb

from aggregator import limits
from aggregator.errors import DiskFullError, ReadTimeoutError
from aggregator.query.fragment import SqlFilter
from aggregator.record import normalise
from aggregator.record.fields import TIME_FIELDS
from aggregator.sql import quote_identifier, quote_literal
from aggregator.store.part import Part
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading, joined, union
from aggregator.store.read.row_text import csv_header, csv_line, json_line
from aggregator.store.reads import ExportFormat, Selection

_LINES_AT_ONCE = 2048
_BYTES_AT_ONCE = 256 * 1024
_PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, PARQUET_VERSION v2, ROW_GROUP_SIZE 32768"


def export(
    library: Library, selection: Selection, export_format: ExportFormat, folder: Path, budget: Budget
) -> Generator[bytes]:
    """Write all rows in the order of time; the work is done while pieces are taken.

    Args:
        library: the store.
        selection: which rows.
        export_format: what to write.
        folder: where a Parquet file is put together; made if it is missing.
        budget: when to stop.

    Raises:
        ReadTimeoutError: the time was over, or the read cancelled, before the end.
        DiskFullError: there is no room for a Parquet file.
    """
    with library.open(budget) as reading:
        narrowed = reading.narrowed(selection)
        try:
            match export_format:
                case ExportFormat.NDJSON:
                    yield from _lines(reading, narrowed, None)
                case ExportFormat.CSV:
                    fields = _fields(reading.choose(narrowed))
                    yield csv_header(fields)
                    yield from _lines(reading, narrowed, fields)
                case ExportFormat.PARQUET:
                    yield from _parquet(reading, narrowed, folder)
        except duckdb.InterruptException:
            raise ReadTimeoutError("the time was over before the end of the export") from None


def clear(folder: Path) -> None:
    """Remove the files of exports that were killed; arguments as for `export`."""
    shutil.rmtree(folder, ignore_errors=True)


def _fields(parts: Sequence[Part]) -> list[str]:
    """The names of all senders' fields that have a column of their own."""
    return sorted({field for part in parts for field in part.view.columns})


def _lines(reading: Reading, selection: Selection, fields: Sequence[str] | None) -> Iterator[bytes]:
    """Write a line a row: JSON, or CSV of some fields."""
    with reading.cursor() as connection:
        for parts, stretch in _slices(reading, selection):
            selects = []
            for each in joined(parts):
                view = each.view
                line = json_line(view) if fields is None else csv_line(view, fields)
                where = reading.condition(stretch, view)
                selects.append(
                    SqlFilter(
                        f"SELECT timestamp, {normalise.SEQ} AS seq, {line} AS line "
                        f"FROM {view.relation} WHERE {where.sql}",
                        where.parameters,
                    )
                )
            rows = union(selects)
            _check(reading)
            connection.execute(f"SELECT line FROM ({rows.sql}) ORDER BY timestamp, seq", rows.parameters)
            while lines := connection.fetchmany(_LINES_AT_ONCE):
                yield "".join(line for (line,) in lines).encode()
                _check(reading)


def _parquet(reading: Reading, selection: Selection, folder: Path) -> Iterator[bytes]:
    """Write each slice as a file, put the files together, and hand out the whole."""
    folder.mkdir(exist_ok=True)
    _check_room(folder, reading.choose(selection))
    with tempfile.TemporaryDirectory(dir=folder) as name, reading.cursor() as connection:
        temporary = Path(name)
        files: list[str] = []
        for parts, stretch in _slices(reading, selection):
            _check(reading)
            files.append(str(temporary / f"{len(files)}.parquet"))
            _copy_slice(reading, connection, parts, stretch, files[-1])
        whole = temporary / "whole.parquet"
        _check(reading)
        listed = ", ".join(map(quote_literal, files))
        source = f"read_parquet([{listed}], union_by_name = true)" if files else f"({_empty()})"
        connection.execute(f"COPY (SELECT * FROM {source}) TO {quote_literal(str(whole))} ({_PARQUET})")
        for file in files:
            Path(file).unlink()
        with whole.open("rb") as content:
            while piece := content.read(_BYTES_AT_ONCE):
                yield piece
                _check(reading)


def _check_room(folder: Path, parts: Sequence[Part]) -> None:
    """Leave the disk to intake: for a moment an export takes the room of its slices and of the whole."""
    needed_bytes = 2 * sum(part.size_bytes for part in parts) + limits.EXPORT_FREE_BYTES
    if shutil.disk_usage(folder).free < needed_bytes:
        raise DiskFullError(f"a Parquet export of this needs {needed_bytes // limits.MIB} MiB of free disk")


def _copy_slice(
    reading: Reading,
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[Part],
    selection: Selection,
    path: str,
) -> None:
    selects = []
    for each in joined(parts):
        view = each.view
        where = reading.condition(selection, view)
        selects.append(SqlFilter(f"SELECT * FROM {view.relation} WHERE {where.sql}", where.parameters))
    rows = SqlFilter(
        " UNION ALL BY NAME ".join(f"({select.sql})" for select in selects),
        tuple(parameter for select in selects for parameter in select.parameters),
    )
    times = ", ".join(f"make_timestamp_ns({name}) AS {name}" for name in sorted(TIME_FIELDS))
    number = quote_identifier(normalise.NUMBER)
    connection.execute(
        f"COPY (SELECT {normalise.SEQ} AS {number}, * EXCLUDE ({normalise.SEQ}) REPLACE ({times}) "
        f"FROM ({rows.sql}) ORDER BY timestamp, {number}) TO {quote_literal(path)} ({_PARQUET})",
        rows.parameters,
    )


def _empty() -> str:
    """SQL of no rows with the columns that every record has."""
    columns = ", ".join(
        f"NULL::{kind} AS {quote_identifier(name)}" for name, kind in normalise.column_types().items()
    )
    return f"SELECT {columns} WHERE FALSE"


def _slices(reading: Reading, selection: Selection) -> Iterator[tuple[list[Part], Selection]]:
    """Cut a selection into stretches of time, the oldest first, each with the parts that reach into it."""
    parts = sorted(reading.choose(selection), key=lambda part: part.first_ns)
    starts_ns = sorted({part.first_ns for part in parts})
    for start_ns, next_ns in zip_longest(starts_ns, starts_ns[1:]):
        first_ns = start_ns if selection.start_ns is None else max(start_ns, selection.start_ns)
        ends_ns = [end_ns for end_ns in (next_ns, selection.end_ns) if end_ns is not None]
        end_ns = min(ends_ns, default=None)
        if end_ns is None or first_ns < end_ns:
            reaching = [part for part in parts if part.first_ns <= start_ns and first_ns <= part.last_ns]
            if reaching:
                yield reaching, Selection(selection.node, first_ns, end_ns)


def _check(reading: Reading) -> None:
    if reading.budget.is_over:
        raise ReadTimeoutError("the time was over before the end of the export")
