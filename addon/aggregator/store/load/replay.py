"""What a start loads: the lines in log files that are in no segment yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from aggregator.store.files import Layout
from aggregator.store.load import recovery
from aggregator.store.load.loader import Loader
from aggregator.store.load.spans import Held
from aggregator.store.segments.segment import Segment

_log = structlog.get_logger(__name__)
_KEPT_ROWS = 10_000
"""Rows found at a start from which on they become a segment at once, to spare memory."""

_REPLAY_S = 3.0
"""Longest that a start waits for lines that are in no segment yet; the rest is loaded beside new lines."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """Where the log goes on after a start.

    Args:
        next_seq: number of the next line, as far as the log knows.
        current: the log file to go on with, and the rows and raw bytes that it holds; None for a new one.
    """

    next_seq: int
    current: tuple[Path, int, int] | None


def replay(
    layout: Layout, segments: Sequence[Segment], loader: Loader, on_damaged: Callable[[int], None]
) -> Replayed:
    """Load what is no segment yet.

    Args:
        layout: where the files are.
        segments: those that there are.
        loader: takes the lines.
        on_damaged: told how many bytes of each log file can't be read.
    """
    next_seq = 1
    replayed: list[recovery.LogFile] = []
    sealed = Held(segment.span for segment in segments)
    for log_file in recovery.open_log_files(layout):
        if log_file.damaged_bytes:
            on_damaged(log_file.damaged_bytes)
        next_seq = max(next_seq, log_file.first_seq, *(frame.last_seq + 1 for frame in log_file.frames))
        # A segment has all frames of its span, so the first line of each tells.
        missing = [frame for frame in log_file.frames if frame.first_seq not in sealed]
        for frame in missing:
            loader.put(frame, None, _nothing)
        if missing:
            replayed.append(log_file)
        else:
            log_file.path.unlink()
    if not loader.wait(_REPLAY_S):
        _log.warning("lines are still being loaded", waited_s=_REPLAY_S)
        return Replayed(next_seq, None)
    rows = sum(log_file.rows for log_file in replayed)
    if len(replayed) == 1 and rows < _KEPT_ROWS:
        return Replayed(next_seq, (replayed[0].path, rows, replayed[0].raw_bytes))
    loader.close_current()
    return Replayed(next_seq, None)


def _nothing() -> None:
    """Do nothing: lines that are replayed were never waiting."""
