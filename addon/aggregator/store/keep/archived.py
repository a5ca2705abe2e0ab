"""Archived segments that searches look through: read only, and no part of the store otherwise."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import override

import duckdb
import structlog

from aggregator.store.keep.archive import Archive
from aggregator.store.part import Catalogue, Part
from aggregator.store.segments import segment
from aggregator.store.segments.counts import Counts
from aggregator.store.segments.index import Facts, Index
from aggregator.store.segments.segment import Segment

_log = structlog.get_logger(__name__)


class Archived(Part):
    """A segment of the archive.

    Args:
        original: the opened segment.
    """

    __slots__ = ("_segment",)

    def __init__(self, original: Segment) -> None:
        super().__init__(
            first_seq=original.first_seq,
            view=original.view,
            rows=original.rows,
            first_ns=original.first_ns,
            last_ns=original.last_ns,
            last_seq=original.last_seq,
            size_bytes=original.size_bytes,
        )
        self._segment = original

    @property
    def path(self) -> Path:
        """The file."""
        return self._segment.path

    @property
    def facts(self) -> Facts:
        """What is known of it."""
        return self._segment.index.facts

    @property
    @override
    def counts(self) -> Counts:
        return self._segment.counts

    @override
    def is_chosen(self, choice: Callable[[Index], bool]) -> bool:
        return choice(self._segment.index)

    def close(self) -> None:
        """Let go of the files."""
        self._segment.close()

    @override
    def dispose(self) -> None:
        self.close()


class ArchiveSearch:
    """Shows an archive's segments to readers.

    Args:
        database: the in-memory database.
        catalogue: what readers see.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, catalogue: Catalogue) -> None:
        self._database = database
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._refused: set[Path] = set()
        self._expected: Path | None = None
        self._shown: Path | None = None

    @property
    def is_opening(self) -> bool:
        """Whether readers don't see an archive yet that they should."""
        return self._expected is not None and self._shown != self._expected

    def expect(self, folder: Path | None) -> None:
        """Say which archive readers should see before it is shown; None for none."""
        self._expected = folder

    def show(self, archive: Archive | None) -> None:
        """Show what an archive has now, and nothing else of any archive; None shows none.

        Segments that can't be opened are reported once and left out.
        """
        with self._lock:
            self._show(set(archive.segment_files()) if archive is not None else set())
            self._shown = archive.folder if archive is not None else None

    def refuse(self, part: Archived) -> None:
        """Show an archived segment no more, as it is damaged."""
        with self._lock:
            if part.path in self._refused:
                return
            self._refused.add(part.path)
            self._catalogue.replace([part], None)
        _log.error("damaged archived segment left out", path=str(part.path))

    def _show(self, paths: set[Path]) -> None:
        with self._catalogue.lease() as parts:
            shown = {part.path: part for part in parts if isinstance(part, Archived)}
        for path, part in shown.items():
            if path not in paths:
                self._catalogue.replace([part], None)
        self._refused &= paths
        new = sorted(paths - shown.keys() - self._refused)
        with self._database.cursor() as connection:
            for path in new:
                try:
                    self._catalogue.add(Archived(segment.read(connection, path)))
                except (duckdb.Error, OSError) as error:
                    self._refused.add(path)
                    _log.error("archived segment left out", path=str(path), error=str(error))
        if new:
            _log.info("archived segments are searched", segments=len(new) - len(self._refused & set(new)))
