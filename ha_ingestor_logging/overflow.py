"""Where lines go that can't wait in memory: to a spool, as far as there is one that can be used."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import ERROR
from ha_ingestor_logging.output import Report
from ha_ingestor_logging.spool import Spool
from ha_ingestor_logging.waiting_lines import WaitingLines

_INHERIT_INTERVAL_S: Final = 60.0
# Batches that are synced to the disk together, so that a slow one is waited for once.
_SYNCED_BYTES: Final = 2**20


class Overflow:
    """A spool whose failures cost no line and are told once; for use by one thread at a time.

    Args:
        spool: where lines wait on the disk, if there is one.
        report: logs that it can't be used.
    """

    def __init__(self, spool: Spool | None, report: Report) -> None:
        self._spool = spool
        self._report = report
        self._reported = False
        self._next_inherit_s = 0.0
        self._markers: deque[FlushMarker] = deque()
        self.failure: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether lines can be put here, as far as is known."""
        return self._spool is not None and self.failure is None

    def try_again(self) -> None:
        """Forget a failure: whatever it was may have passed."""
        self.failure = None

    def take_over(self, waiting: WaitingLines) -> None:
        """Move all lines and markers here from memory, unless it can't be used."""
        if not self.is_usable:
            return
        waiting.seal()
        while items := waiting.take(_SYNCED_BYTES):
            if not self._keep([item for item in items if isinstance(item, Batch)]):
                waiting.put_back(items)
                return
            self._markers += (item for item in items if isinstance(item, FlushMarker))

    def next_marker(self) -> FlushMarker | None:
        """Remove the oldest marker if no lines wait here any more."""
        if self._markers and next(self.own(), None) is None and self.failure is None:
            return self._markers.popleft()
        return None

    def own(self) -> Iterator[Batch]:
        """This process's batches, oldest first; each is forgotten when the next one is asked for."""
        if self._spool is None:
            return
        try:
            while batch := self._spool.oldest():
                yield batch
                self._spool.delivered()
        except OSError as error:
            self._failed(error)

    def inherited(self) -> Iterator[Batch]:
        """Likewise those of the processes that are gone, one process after the other."""
        if self._spool is None:
            return
        try:
            while self._inherits(self._spool):
                while batch := self._spool.oldest_inherited():
                    yield batch
                    self._spool.inherited_delivered()
        except OSError as error:
            self._spool.leave_inherited()
            self._next_inherit_s = time.monotonic() + _INHERIT_INTERVAL_S
            self._failed(error)

    @property
    def inherit_wait_s(self) -> float | None:
        """Seconds until batches of other processes are to be asked for; ``None`` for never."""
        if self._spool is None:
            return None
        return 0.0 if self._spool.has_inherited else self._next_inherit_s - time.monotonic()

    def close(self) -> None:
        """Close the files; what waits is for the next process."""
        if self._spool is not None:
            self._spool.close()

    def after_fork(self) -> None:
        """Leave the files to the parent."""
        if self._spool is not None:
            self._spool.after_fork()
        self._reported = False
        self._next_inherit_s = 0.0
        self._markers.clear()
        self.failure = None

    def _inherits(self, spool: Spool) -> bool:
        if not spool.has_inherited and time.monotonic() >= self._next_inherit_s:
            spool.inherit()
            if not spool.has_inherited:
                self._next_inherit_s = time.monotonic() + _INHERIT_INTERVAL_S
        return spool.has_inherited

    def _keep(self, batches: Sequence[Batch]) -> bool:
        if self._spool is None or not batches:
            return True
        try:
            self._spool.append(*batches)
        except OSError as error:
            self._failed(error)
            return False
        self._reported = False
        return True

    def _failed(self, error: OSError) -> None:
        self.failure = f"the spool: {error.strerror or type(error).__name__}"
        if not self._reported:
            self._reported = True
            self._report(ERROR, "the spool can't be used; log lines wait in memory", reason=str(error))
