"""From format 1 to format 2: segments get names that tell their lines, smaller times, and an index each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import structlog

from aggregator.damaged_files import set_aside
from aggregator.record import normalise
from aggregator.sql import quote_identifier, quote_literal
from aggregator.store.files import (
    FORMAT_VERSION,
    Layout,
    Span,
    read_version,
    sync_folder,
    write_version,
)
from aggregator.store.segments import segment

_log = structlog.get_logger(__name__)
_NAME: Final = re.compile(r"\d{20}")


@dataclass(frozen=True, slots=True)
class _Old:
    """A segment of format 1.

    Args:
        path: the file, named after its first line.
        last_seq: number of its last line.
        rows: how many records.
        fields: sender fields that have a column.
    """

    path: Path
    last_seq: int
    rows: int
    fields: Sequence[str]

    @property
    def first_seq(self) -> int:
        """Number of its first line."""
        return int(self.path.stem)


def migrate(database: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Write the segments of a store of format 1 anew; a store of the present format is left alone.

    A crash at any moment leaves each record in an old or a new segment, and the next start goes on.

    Args:
        database: where to run it.
        layout: where the files are.

    Raises:
        StoreFailedError: the file with the version is damaged.
        duckdb.Error: the engine lacks memory or disk.
        OSError: the disk refuses a file.
    """
    if read_version(layout.folder) == FORMAT_VERSION:
        return
    with database.cursor() as connection:
        groups = _groups(_left_over(connection, layout))
        _log.info("store is brought to a newer format", version=FORMAT_VERSION, segments=len(groups))
        for number, group in enumerate(groups, 1):
            span = Span(min(old.first_seq for old in group), max(old.last_seq for old in group))
            written = segment.write(connection, _contents(group), layout.segment_file(span))
            if written is not None:
                written.close()
            for old in group:
                old.path.unlink()
            _log.info("segment written anew", segment=span.name, number=number, segments=len(groups))
    sync_folder(layout.segment_folder)
    write_version(layout.folder)
    _log.info("store has a newer format now", version=FORMAT_VERSION)


def _left_over(connection: duckdb.DuckDBPyConnection, layout: Layout) -> list[_Old]:
    """Open the old segments, without those that were written anew before a crash."""
    new = [span for path in layout.segment_files() if (span := Span.of(path)) is not None]
    found = []
    for path in layout.segment_files():
        if not _NAME.fullmatch(path.stem):
            continue
        try:
            old = _open(connection, path)
        except duckdb.Error as error:
            set_aside(path, str(error))
            continue
        if any(span.first_seq <= old.first_seq and old.last_seq <= span.last_seq for span in new):
            path.unlink()
        else:
            found.append(old)
    return sorted(found, key=lambda old: old.first_seq)


def _open(connection: duckdb.DuckDBPyConnection, path: Path) -> _Old:
    known = normalise.column_types()
    described = connection.execute(f"DESCRIBE FROM {_relation(path)}").fetchall()
    last_seq, rows = connection.execute(
        f"SELECT max({normalise.SEQ}), count(timestamp) FROM {_relation(path)}"
    ).fetchone() or (None, 0)
    return _Old(path, last_seq or int(path.stem), rows, [name for name, *_ in described if name not in known])


def _groups(ordered: Sequence[_Old]) -> list[list[_Old]]:
    """Put together what shares a stretch of lines: in the present format each has a stretch of its own."""
    groups: list[list[_Old]] = []
    last_seq = 0
    for old in ordered:
        if groups and old.first_seq <= last_seq:
            groups[-1].append(old)
        else:
            groups.append([old])
        last_seq = max(last_seq, old.last_seq)
    return groups


def _contents(group: Sequence[_Old]) -> segment.Contents:
    """Say what a group's segment is made of: each of its records once."""
    columns: dict[str, str] = {}
    selects = []
    for number, old in enumerate(group):
        # Columns that differ only in case are one to the engine.
        moved = [
            name
            for name in old.fields
            if name.casefold() in normalise.RESERVED or columns.setdefault(name.casefold(), name) != name
        ]
        select = f"SELECT {_without(moved)} FROM {_relation(old.path)}"
        if number:
            before = " UNION ALL ".join(
                f"SELECT {normalise.SEQ} FROM {_relation(other.path)}" for other in group[:number]
            )
            select += f" ANTI JOIN ({before}) USING ({normalise.SEQ})"
        selects.append(select)
    rows = group[0].rows if len(group) == 1 else None
    return segment.Contents(" UNION ALL BY NAME ".join(selects), columns.values(), rows)


def _without(moved: Sequence[str]) -> str:
    """SQL for all columns, some of which become part of the object of fields without a column."""
    if not moved:
        return "*"
    rest = normalise.REST
    for name in moved:
        column = quote_identifier(name)
        entry = f"to_json({quote_literal(name)})::VARCHAR || ':' || {column}"
        begun = f"coalesce(left({rest}, length({rest}) - 1) || ',', '{{')"
        rest = f"(CASE WHEN {column} IS NULL THEN {rest} ELSE ({begun} || {entry} || '}}')::JSON END)"
    excluded = ", ".join(map(quote_identifier, moved))
    return f"* EXCLUDE ({excluded}) REPLACE ({rest} AS {normalise.REST})"


def _relation(path: Path) -> str:
    return f"read_parquet({quote_literal(str(path))})"
