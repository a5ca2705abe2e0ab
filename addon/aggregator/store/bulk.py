"""Bulk loads: many lines at once become a segment without a stay in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.record import normalise
from aggregator.record.fields import CANONICAL_NAMES
from aggregator.store import segment
from aggregator.store.files import Span
from aggregator.store.frame import Batch
from aggregator.store.lines import Lines, assign_columns, read_lines
from aggregator.store.loaded import Loaded
from aggregator.store.workspace import Workspace

BULK_ROWS = 16_384
"""Rows from which on a segment of their own is worth its file."""

_SHORT_LINE_BYTES = 512
"""What a line has besides long text."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A segment of rows that came at once.

    Args:
        segment: the segment, not yet shown to readers.
        loaded: what it brought.
    """

    segment: segment.Segment
    loaded: Loaded


def write(workspace: Workspace, frames: Sequence[Batch]) -> Bulk | None:
    """Write the lines of frames that follow each other as a segment; safe in any thread.

    Returns:
        The segment; None when lines have a `uid`, which has to be compared with those that came before.

    Raises:
        duckdb.Error: the engine lacks memory or disk.
        OSError: the disk refuses the file, or can't read the lines.
    """
    names = {name.casefold(): name for name in normalise.MARKS}
    path = workspace.layout.segment_file(Span(frames[0].first_seq, frames[-1].last_seq))
    with workspace.database.cursor() as connection:

        def use(lines: Lines) -> Bulk | None:
            if any(CANONICAL_NAMES.get(key) == "uid" for key in lines.keys):
                return None
            row_bytes = sum(frame.raw_bytes for frame in frames) // lines.rows
            contents = segment.Contents(
                lines.select, lines.fields, lines.rows, max(row_bytes - _SHORT_LINE_BYTES, 0)
            )
            written = segment.write(connection, contents, path)
            if written is None:
                return None
            return Bulk(written, Loaded.of_segment(written, frames))

        return read_lines(connection, frames, lambda keys: assign_columns(keys, names), use)
