"""Which durable lines are in no segment yet, and so which log files are still needed."""

import threading
from bisect import bisect_left, bisect_right
from itertools import pairwise
from pathlib import Path

import structlog

from aggregator.store.files import Layout

_log = structlog.get_logger(__name__)


class Unsealed:
    """The batches of lines that are in the log only.

    Args:
        layout: where the log files are.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self._first_seqs: list[int] = []
        self._next_seq = 1

    def begin_at(self, next_seq: int) -> None:
        """Tell the number that the next line gets, after all that a start found was told."""
        with self._lock:
            self._next_seq = max(self._next_seq, next_seq)

    def add(self, first_seq: int, last_seq: int) -> None:
        """Tell of a batch of durable lines; batches come in order."""
        with self._lock:
            self._first_seqs.append(first_seq)
            self._next_seq = last_seq + 1

    @property
    def needed_from(self) -> int:
        """Number of the first line that is in the log only, or of the next line."""
        with self._lock:
            return self._first_seqs[0] if self._first_seqs else self._next_seq

    def sealed(self, first_seq: int, last_seq: int) -> None:
        """Tell that all batches of a stretch are in a segment; delete the log files that nobody needs now."""
        with self._lock:
            begin = bisect_left(self._first_seqs, first_seq)
            end = bisect_right(self._first_seqs, last_seq)
            del self._first_seqs[begin:end]
        self.prune()

    def prune(self) -> None:
        """Delete the log files that nobody needs now; the last one always stays."""
        needed_from = self.needed_from
        for path, following in pairwise(self._layout.log_files()):
            if int(following.stem) <= needed_from:
                _delete(path)


def _delete(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        # Its lines are known to be in segments at the next start, which tries again.
        _log.warning("log file not deleted", log=path.name, error=str(error))
