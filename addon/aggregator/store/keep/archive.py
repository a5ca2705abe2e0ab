"""The archive: a folder, mostly on another disk, that takes what retention would delete."""

import errno
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

import duckdb

from aggregator.query.fragment import SqlFilter
from aggregator.store.files import (
    INDEX_SUFFIX,
    SEGMENT_SUFFIX,
    link_or_copy,
    sync_folder,
    write_atomically,
)
from aggregator.store.segments import index, segment
from aggregator.store.segments.segment import Segment

_MARK: Final = "ha-ingestor-archive.txt"
_MARK_TEXT: Final = (
    b"HA Ingestor archives logs here. It writes nothing into a folder without this file, which may be the\n"
    b"place of a disk that is not mounted.\n"
)
_PENDING: Final = "pending"


class ArchiveError(OSError):
    """The archive can't take a segment."""


class Archive:
    """An archive of segments.

    What it takes is pending until the original is gone, so that after a crash each record is in the store or
    in the archive, and not in both.

    Args:
        folder: where it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pending = folder / _PENDING

    @property
    def is_there(self) -> bool:
        """Whether the folder is one that `prepare` was called for."""
        return (self.folder / _MARK).is_file()

    def prepare(self) -> None:
        """Make an archive of a folder that is there.

        Raises:
            OSError: the folder is missing, or nothing can be written there.
        """
        write_atomically(self.folder / _MARK, _MARK_TEXT)

    def segment_files(self) -> list[Path]:
        """The segments that are there for good, oldest first."""
        return sorted(self.folder.glob(f"*{SEGMENT_SUFFIX}"))

    def shares_disk(self, folder: Path) -> bool:
        """Whether a folder lies on the same disk, so that archiving makes no room there.

        Raises:
            OSError: one of the folders is gone.
        """
        return self.folder.stat().st_dev == folder.stat().st_dev

    def put(self, original: Segment) -> None:
        """Take a whole segment, verified by its checksum.

        Raises:
            OSError: the archive is not there, is full, or has another segment of that name.
        """
        if not self._begin(original):
            return
        target = self._pending / original.path.name
        link_or_copy(original.path, target)
        facts = original.index.facts
        if index.checksum(target) != (facts.segment_bytes, facts.segment_crc32):
            target.unlink()
            raise ArchiveError(errno.EIO, "the copy is not what was written", str(target))
        link_or_copy(original.path.with_suffix(INDEX_SUFFIX), target.with_suffix(INDEX_SUFFIX))
        sync_folder(self._pending)

    def put_part(
        self, connection: duckdb.DuckDBPyConnection, original: Segment, condition: SqlFilter
    ) -> None:
        """Take some records of a segment.

        Args:
            connection: where to read.
            original: the segment.
            condition: of the records.

        Raises:
            duckdb.Error: the segment can't be read.
            OSError: the archive is not there, is full, or has another segment of that name.
        """
        if not self._begin(original):
            return
        contents = segment.Contents(
            f"FROM {original.view.relation} WHERE {condition.sql}",
            original.index.facts.columns,
            parameters=condition.parameters,
        )
        written = segment.write(connection, contents, self._pending / original.path.name)
        if written is not None:
            written.close()

    def settle(self, segment_folder: Path, in_use: Collection[str]) -> int:
        """Keep for good what is pending of originals that are gone; return how many.

        Args:
            segment_folder: where the originals were.
            in_use: names of the files of segments that the store still has: a crash came before they went.

        Raises:
            OSError: the archive can't be written.
        """
        if not self._pending.is_dir():
            return 0
        settled = 0
        # A loss of power must not bring back an original that is kept here for good.
        sync_folder(segment_folder)
        for path in self._pending.glob(f"*{SEGMENT_SUFFIX}"):
            index_path = path.with_suffix(INDEX_SUFFIX)
            if path.name in in_use:
                path.unlink()
                index_path.unlink(missing_ok=True)
            elif not (segment_folder / path.name).exists():
                if index_path.exists():
                    index_path.rename(self.folder / index_path.name)
                path.rename(self.folder / path.name)
                settled += 1
        for leftover in self._pending.glob("*.tmp"):
            leftover.unlink()
        if settled:
            sync_folder(self.folder)
        return settled

    def _begin(self, original: Segment) -> bool:
        """Make ready to take a segment; tell whether it is still to be taken."""
        if not self.is_there:
            raise ArchiveError(errno.ENOENT, f"no archive: it has no {_MARK}", str(self.folder))
        self._pending.mkdir(exist_ok=True)
        present = self.folder / original.path.name
        if present.exists():
            facts = original.index.facts
            if index.checksum(present) == (facts.segment_bytes, facts.segment_crc32):
                return False
            raise ArchiveError(errno.EEXIST, "the archive has another segment of this name", str(present))
        for suffix in (SEGMENT_SUFFIX, INDEX_SUFFIX):
            (self._pending / original.path.name).with_suffix(suffix).unlink(missing_ok=True)
        return True


def check_folder(folder: Path, data: Path) -> None:
    """Make sure that a folder can be an archive, and make it one.

    Args:
        folder: the folder.
        data: the aggregator's data folder.

    Raises:
        ValueError: it can't; the message says why.
    """
    if not folder.is_absolute():
        raise ValueError("an absolute path is needed, such as /share/ha_ingestor")
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder that exists")
    resolved, data = folder.resolve(), data.resolve()
    if resolved.is_relative_to(data) or data.is_relative_to(resolved):
        raise ValueError(f"{folder} and the aggregator's own data folder lie in one another")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ValueError(f"the aggregator may not write to {folder}")
    try:
        Archive(folder).prepare()
    except OSError as error:
        raise ValueError(f"{folder} can't be written: {error.strerror}") from None
