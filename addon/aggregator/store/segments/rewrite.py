"""Makes one segment of others: of all of their records, or of those that are to be kept."""

from collections.abc import Sequence

import duckdb

from aggregator.query.fragment import TRUE, SqlFilter
from aggregator.record import normalise
from aggregator.store.files import Span
from aggregator.store.segments import segment
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace


def rewrite(workspace: Workspace, sources: Sequence[Segment], keep: SqlFilter = TRUE) -> Segment | None:
    """Write a segment that takes the place of others.

    A crash at any moment leaves either them or it: as it is of a later generation, a start drops what it was
    made of.

    Args:
        workspace: of the store.
        sources: segments that follow each other, with no other one between them.
        keep: condition of the records to keep.

    Returns:
        The segment, not yet shown to readers; None when no record is kept.

    Raises:
        duckdb.Error: a source is damaged, or the engine lacks memory or disk.
        OSError: the disk refuses the file.
    """
    if not all(source.check() for source in sources):
        raise duckdb.DataError("a segment is damaged")
    span = Span(
        min(source.first_seq for source in sources),
        max(source.last_seq for source in sources),
        max(source.span.generation for source in sources) + 1,
    )
    select = f"FROM {segment.relation([source.path for source in sources])} WHERE {keep.sql}"
    text_bytes = sum(source.index.facts.text_bytes for source in sources)
    contents = segment.Contents(
        select,
        fields(sources),
        row_text_bytes=text_bytes // sum(source.rows for source in sources),
        parameters=keep.parameters,
    )
    with workspace.database.cursor() as connection:
        return segment.write(connection, contents, workspace.layout.segment_file(span))


def fields(sources: Sequence[Segment]) -> list[str]:
    """The sender fields with a column in any of some segments, each once."""
    found = {name: None for source in sources for name in source.view.columns if name not in normalise.MARKS}
    return list(found)
