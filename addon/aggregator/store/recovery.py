"""What is found on the disk at a start: segments, and log files whose lines are no segment yet."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import structlog

from aggregator.store import segment
from aggregator.store.files import Layout, sync_folder
from aggregator.store.frame import DamagedBytes, Frame, decode_all

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file with what can be read of it.

    Args:
        path: the file.
        frames: its whole frames, in order.
        damaged_bytes: bytes that can't be read, without a torn end.
    """

    path: Path
    frames: list[Frame]
    damaged_bytes: int

    @property
    def first_seq(self) -> int:
        """Number of its first line."""
        return int(self.path.stem)


def open_segments(database: duckdb.DuckDBPyConnection, layout: Layout) -> list[segment.Segment]:
    """Open all segments; a damaged one is set aside under another name and reported."""
    paths = layout.segment_files()
    try:
        return segment.read(database, paths)
    except duckdb.Error:
        return [opened for path in paths for opened in _open_or_set_aside(database, path)]


def open_log_files(layout: Layout) -> Iterator[LogFile]:
    """Read the log files, oldest first.

    A torn end, which was never acknowledged, is cut off; other damage is kept aside and reported.
    """
    for path in layout.log_files():
        yield _read(path)


def _open_or_set_aside(database: duckdb.DuckDBPyConnection, path: Path) -> list[segment.Segment]:
    try:
        return segment.read(database, [path])
    except duckdb.Error as error:
        aside = path.with_suffix(".damaged")
        path.rename(aside)
        sync_folder(path.parent)
        _log.error("damaged segment set aside", path=str(aside), error=str(error))
        return []


def _read(path: Path) -> LogFile:
    data = path.read_bytes()
    frames: list[Frame] = []
    damaged_bytes = 0
    for item in decode_all(data):
        if isinstance(item, Frame):
            frames.append(item)
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
