"""What is found on the disk at a start: segments, and log files whose lines are no segment yet."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import structlog

from aggregator.damaged_files import set_aside
from aggregator.store.files import INDEX_SUFFIX, SEGMENT_SUFFIX, Layout
from aggregator.store.load.spans import replaced
from aggregator.store.log.frame import DamagedBytes, StoredFrame, locate_all
from aggregator.store.segments import segment

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file with what can be read of it.

    Args:
        path: the file.
        frames: where its whole frames are, in order.
        damaged_bytes: bytes that can't be read, without a torn end.
    """

    path: Path
    frames: list[StoredFrame]
    damaged_bytes: int

    @property
    def first_seq(self) -> int:
        """Number of its first line."""
        return int(self.path.stem)

    @property
    def rows(self) -> int:
        """How many lines can be read of it."""
        return sum(frame.rows for frame in self.frames)

    @property
    def raw_bytes(self) -> int:
        """Length of the lines that can be read of it."""
        return sum(frame.raw_bytes for frame in self.frames)


def open_segments(database: duckdb.DuckDBPyConnection, layout: Layout) -> list[segment.Segment]:
    """Open all segments; a damaged one is set aside under another name and reported.

    Of segments that were made into another one, which a crash left behind, only that other one is opened.
    """
    opened = []
    with database.cursor() as connection:
        for path in layout.segment_files():
            try:
                opened.append(segment.read(connection, path))
            except (duckdb.Error, OSError) as error:
                set_aside(path, str(error))
    leftovers = replaced(part.span for part in opened)
    current = []
    for part in opened:
        if part.span in leftovers:
            part.dispose()
        else:
            current.append(part)
    for path in layout.segment_folder.glob(f"*{INDEX_SUFFIX}"):
        if not path.with_suffix(SEGMENT_SUFFIX).exists():
            path.unlink()
    return current


def open_log_files(layout: Layout) -> Iterator[LogFile]:
    """Read the log files, oldest first.

    A torn end, which was never acknowledged, is cut off; other damage is kept aside and reported.
    """
    for path in layout.log_files():
        yield _read(path)


def _read(path: Path) -> LogFile:
    data = path.read_bytes()
    frames: list[StoredFrame] = []
    damaged_bytes = 0
    for offset, size_bytes, item in locate_all(data):
        if not isinstance(item, DamagedBytes):
            frames.append(StoredFrame.of(item, path, offset, size_bytes))
            continue
        aside = path.with_suffix(f".{item.offset}.damaged")
        if item.at_end:
            os.truncate(path, item.offset)
            _log.warning("torn end of the log cut off", path=str(path), size_bytes=item.size_bytes)
        else:
            damaged_bytes += item.size_bytes
            _log.error("damaged lines set aside", path=str(aside), size_bytes=item.size_bytes)
        _set_aside(aside, data, item)
    return LogFile(path, frames, damaged_bytes)


def _set_aside(path: Path, data: bytes, damaged: DamagedBytes) -> None:
    path.write_bytes(data[damaged.offset : damaged.offset + damaged.size_bytes])
