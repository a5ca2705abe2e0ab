"""Compaction: small segments of one day become larger ones, in the background."""

import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import structlog

from aggregator import limits
from aggregator.memory import give_back
from aggregator.priority import stand_back
from aggregator.record import normalise
from aggregator.store.files import Span
from aggregator.store.segments.rewrite import fields, rewrite
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_DAY_NS = 24 * 3600 * 10**9
_NICENESS = 10
_RETRY_S = 3600.0
"""How long segments stay as they are when they could not be made into one."""


def due(
    segments: Sequence[Segment], now_ns: int, staying: Collection[Span] = frozenset()
) -> Sequence[Segment] | None:
    """Choose segments to be made into one; None when all are as they should be.

    They follow each other, lie in one day, and have no more records together than a segment should have. To
    write each record seldom, few small ones wait for more until their day is over, and none has more than
    half of the records: whenever a record is written again, its segment at least doubles.

    Args:
        segments: all segments, in any order.
        now_ns: the present, ns since the epoch.
        staying: of segments that stay as they are; large ones do anyway.
    """
    ordered = sorted(segments, key=lambda part: part.first_seq)
    for day, neighbours in itertools.groupby(ordered, lambda part: part.last_ns // _DAY_NS):
        for fitting in _runs(neighbours, staying):
            for run in _balanced(fitting):
                rows = sum(part.rows for part in run)
                enough = rows >= limits.SEAL_ROWS // 2 or len(run) >= limits.COMPACT_SEGMENTS
                if enough or day < now_ns // _DAY_NS:
                    return run
    return None


def _runs(neighbours: Iterable[Segment], staying: Collection[Span]) -> Iterator[list[Segment]]:
    """Part neighbours into runs that fit into one segment, without those that stay as they are."""
    run: list[Segment] = []
    for part in neighbours:
        stays = part.rows >= limits.SEAL_ROWS // 2 or part.span in staying
        if run and (stays or not _fits(run, part)):
            yield run
            run = []
        if not stays:
            run.append(part)
    if run:
        yield run


def _fits(run: Sequence[Segment], part: Segment) -> bool:
    members = [*run, part]
    if sum(member.rows for member in members) > limits.SEAL_ROWS:
        return False
    if sum(member.index.facts.text_bytes for member in members) > limits.SEAL_BYTES:
        return False
    names = fields(members)
    # Columns that differ only in case would be one to the engine. With one more column than a part may have,
    # a field that had no room could be in one and in the column of the others.
    return len(names) + len(normalise.MARKS) <= limits.FIELD_COLUMNS and len(
        {name.casefold() for name in names}
    ) == len(names)


def _balanced(run: Sequence[Segment]) -> list[Sequence[Segment]]:
    """Part a run where one segment has more than half of its records, until none has."""
    rows = sum(part.rows for part in run)
    for place, part in enumerate(run):
        if 2 * part.rows > rows:
            return [*_balanced(run[:place]), *_balanced(run[place + 1 :])]
    return [run] if run else []


class Compactor:
    """Compacts in a thread of its own, while no lines wait to become searchable.

    Args:
        workspace: of the store.
        busy: tells whether lines wait to become searchable.
    """

    def __init__(self, workspace: Workspace, busy: Callable[[], bool]) -> None:
        self._workspace = workspace
        self._busy = busy
        self._refused_s: dict[Span, float] = {}
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
            segments = [part for part in parts if isinstance(part, Segment) and part.last_seq < needed_from]
            now_s = time.monotonic()
            staying = {span for span, since_s in self._refused_s.items() if now_s - since_s < _RETRY_S}
            run = due(segments, time.time_ns(), staying)
            if run is None:
                return False
            try:
                made = rewrite(self._workspace, run)
            except Exception:
                # Damaged, or more than fits into memory now: the others must not wait for them.
                self._refused_s |= dict.fromkeys((part.span for part in run), now_s)
                raise
            self._workspace.catalogue.replace(run, made)
        _log.debug("segments compacted", segments=len(run), rows=sum(part.rows for part in run))
        return True

    def _run(self) -> None:
        stand_back(_NICENESS)
        while not self._stopping.wait(limits.COMPACT_INTERVAL_S):
            give_back()
            try:
                # A log file that was begun since the last segment leaves the one before it to nobody.
                self._workspace.unsealed.prune()
                while not self._stopping.is_set() and not self._busy() and self.compact():
                    continue
            except Exception as error:  # noqa: BLE001 # the segments serve as they are
                _log.warning("compaction failed; trying again later", error=str(error))
