"""Bulk loads: many lines at once become a segment without a stay in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.record import normalise
from aggregator.record.fields import CANONICAL_NAMES
from aggregator.store.files import Span
from aggregator.store.load.lines import Lines, assign_columns, read_lines
from aggregator.store.log.frame import Batch
from aggregator.store.segments import segment
from aggregator.store.workspace import Workspace

BULK_ROWS = 16_384
"""Rows from which on a segment of their own is worth its file."""

_SHORT_LINE_BYTES = 512
"""What a line has besides long text."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A segment of rows that came at once.

    Args:
        draft: what can become the segment.
        has_uids: whether lines have a `uid`, which has to be compared with those that came before.
    """

    draft: segment.Draft
    has_uids: bool


def write(workspace: Workspace, frames: Sequence[Batch]) -> Bulk | None:
    """Write the lines of frames that follow each other as a segment; safe in any thread.

    Returns:
        The segment to be; None when there are no lines.

    Raises:
        duckdb.Error: the engine lacks memory or disk.
        OSError: the disk refuses the file, or can't read the lines.
    """
    names = {name.casefold(): name for name in normalise.MARKS}
    path = workspace.layout.segment_file(Span(frames[0].first_seq, frames[-1].last_seq))
    with workspace.database.cursor() as connection:

        def use(lines: Lines) -> Bulk | None:
            row_bytes = sum(frame.raw_bytes for frame in frames) // lines.rows
            contents = segment.Contents(
                lines.select, lines.fields, lines.rows, max(row_bytes - _SHORT_LINE_BYTES, 0)
            )
            draft = segment.draft(connection, contents, path)
            if draft is None:
                return None
            has_uids = any(CANONICAL_NAMES.get(key) == "uid" for key in lines.keys)
            return Bulk(draft, has_uids)

        return read_lines(connection, frames, lambda keys: assign_columns(keys, names), use)
