"""Compaction: small segments of one day become larger ones, in the background."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import duckdb
import structlog

from aggregator import limits
from aggregator.memory import give_back
from aggregator.store.rewrite import fields, rewrite
from aggregator.store.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_DAY_NS = 24 * 3600 * 10**9
_NICENESS = 10


def due(segments: Sequence[Segment], now_ns: int) -> list[Segment] | None:
    """Choose segments to be made into one; None when all are as they should be.

    They follow each other, lie in one day, and have no more records together than a segment should have. To
    write each record seldom, few small ones wait for more until their day is over.

    Args:
        segments: all segments, in any order.
        now_ns: the present, ns since the epoch.
    """
    ordered = sorted(segments, key=lambda part: part.first_seq)
    for day, neighbours in itertools.groupby(ordered, lambda part: part.last_ns // _DAY_NS):
        for run in _runs(neighbours):
            rows = sum(part.rows for part in run)
            enough = rows >= limits.SEAL_ROWS // 2 or len(run) >= limits.COMPACT_SEGMENTS
            if len(run) > 1 and (enough or day < now_ns // _DAY_NS):
                return run
    return None


def _runs(neighbours: Iterator[Segment]) -> Iterator[list[Segment]]:
    """Part neighbours into runs that fit into one segment; large ones stand alone."""
    run: list[Segment] = []
    for part in neighbours:
        if run and not _fits(run, part):
            yield run
            run = []
        run.append(part)
    if run:
        yield run


def _fits(run: Sequence[Segment], part: Segment) -> bool:
    if part.rows >= limits.SEAL_ROWS // 2 or sum(other.rows for other in run) + part.rows > limits.SEAL_ROWS:
        return False
    names = fields([*run, part])
    # Columns that differ only in case would be one to the engine.
    return len(names) <= limits.FIELD_COLUMNS and len({name.casefold() for name in names}) == len(names)


class Compactor:
    """Compacts in a thread of its own, while no lines wait to become searchable.

    Args:
        workspace: of the store.
        busy: tells whether lines wait to become searchable.
    """

    def __init__(self, workspace: Workspace, busy: Callable[[], bool]) -> None:
        self._workspace = workspace
        self._busy = busy
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="compact", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the segment that is being written."""
        self._stopping.set()
        self._thread.join()

    def compact(self) -> bool:
        """Make one segment of several, if some are due; tell whether it did."""
        with self._workspace.changing, self._workspace.catalogue.lease() as parts:
            needed_from = self._workspace.unsealed.needed_from
            run = due(
                [part for part in parts if isinstance(part, Segment) and part.last_seq < needed_from],
                time.time_ns(),
            )
            if run is None:
                return False
            self._workspace.catalogue.replace(run, rewrite(self._workspace, run))
        _log.debug("segments compacted", segments=len(run), rows=sum(part.rows for part in run))
        return True

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while not self._stopping.wait(limits.COMPACT_INTERVAL_S):
            give_back()
            try:
                while not self._stopping.is_set() and not self._busy() and self.compact():
                    continue
            except (OSError, duckdb.Error) as error:
                _log.warning("compaction failed; trying again later", error=str(error))
