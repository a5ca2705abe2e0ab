"""Chooses what retention takes away: what is past, and the oldest where room is short."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.store.keep.expiry import Expiry
from aggregator.store.keep.removal import Cause, Removed, Step
from aggregator.store.segments.segment import Segment


@dataclass(frozen=True, slots=True)
class Lack:
    """Room that has to be made.

    Args:
        over_bytes: by how much the store is larger than it may be.
        missing_bytes: how much more of the disk has to be free.
    """

    over_bytes: int
    missing_bytes: int

    def after(self, freed_bytes: int) -> Cause | None:
        """Why more has to go once so much went; None when there is enough room."""
        if freed_bytes < self.missing_bytes:
            return Cause.DISK
        return Cause.SIZE if freed_bytes < self.over_bytes else None


def plan(segments: Sequence[Segment], expiry: Expiry, lack: Lack, now_ns: int) -> list[Step]:
    """Choose what goes, the oldest first.

    Args:
        segments: those that may go.
        expiry: says what goes by its age.
        lack: how much room has to be made besides.
        now_ns: the present, ns since the epoch.
    """
    oldest_first = sorted(segments, key=lambda segment: (segment.last_ns, segment.first_seq))
    steps: dict[Segment, Step] = {}
    for segment in oldest_first:
        step = expiry.step(segment, now_ns)
        if step is not None:
            steps[segment] = step
    freed_bytes = sum(item.size_bytes for step in steps.values() for item in step.removed)
    for segment in oldest_first:
        cause = lack.after(freed_bytes)
        if cause is None:
            break
        begun = steps.get(segment, Step(segment, (), ()))
        if begun.horizons is None:
            continue
        rest = Removed(
            cause,
            None,
            segment.rows - sum(item.rows for item in begun.removed),
            segment.size_bytes - sum(item.size_bytes for item in begun.removed),
            segment.first_ns,
            segment.last_ns,
        )
        steps[segment] = Step(segment, (*begun.removed, rest))
        freed_bytes += rest.size_bytes
    # What goes as a whole makes room for what is written again.
    return sorted(steps.values(), key=lambda step: step.horizons is not None)
