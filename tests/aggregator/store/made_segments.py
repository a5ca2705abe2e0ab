"""Segments made of lines without a running store."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import orjson

from aggregator.query.needles import Needle
from aggregator.record import normalise
from aggregator.record.output import records
from aggregator.store.files import Layout, Span
from aggregator.store.load.lines import Lines, assign_columns, read_lines
from aggregator.store.log.frame import Frame
from aggregator.store.log.unsealed import Unsealed
from aggregator.store.part import Catalogue
from aggregator.store.segments import index, segment
from aggregator.store.segments.segment import Contents, Segment
from aggregator.store.workspace import Workspace
from tests.aggregator.store.opened_store import Row, body


@contextmanager
def workspace(folder: Path) -> Iterator[Workspace]:
    """What the store's threads share, without the threads."""
    layout = Layout.prepare(folder)
    with duckdb.connect() as database:
        catalogue = Catalogue()
        yield Workspace(database, layout, catalogue, Unsealed(layout))


def make(space: Workspace, first_seq: int, *lines: Row | bytes) -> Segment:
    """Write lines as a segment, numbered from `first_seq` on."""
    frame = Frame(first_seq, len(lines), time.time_ns(), "http", body(*lines))
    path = space.layout.segment_file(Span(frame.first_seq, frame.last_seq))
    names = {name.casefold(): name for name in normalise.MARKS}
    with space.database.cursor() as connection:

        def write(found: Lines) -> Segment | None:
            return segment.write(connection, Contents(found.select, found.fields, found.rows), path)

        made = read_lines(connection, [frame], lambda keys: assign_columns(keys, names), write)
    assert made is not None
    return made


def may_hold(part: Segment, needle: Needle) -> bool:
    """Whether a segment may hold a needle, as reads ask it."""
    return part.is_chosen(index.choice(needle))


def rows(space: Workspace, parts: Sequence[Segment]) -> list[Row]:
    """The records of segments as clients get them, by their numbers."""
    found = list[Row]()
    with space.database.cursor() as connection:
        for part in parts:
            view = part.view
            result = connection.execute(f"SELECT * FROM {view.relation} ORDER BY {normalise.SEQ}")
            found += [
                json.loads(orjson.dumps(dict(record.fields))) for record in records(result, view.columns)
            ]
    return sorted(found, key=lambda row: int(row["_id"]))
