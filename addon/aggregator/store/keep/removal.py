"""What retention takes away: planned before, reported after."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from aggregator.store.keep.policy import Policy, Rule
from aggregator.store.segments.segment import Segment


class Cause(StrEnum):
    """Why records go."""

    AGE = "age"
    SIZE = "size"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Removed:
    """Records that go for one cause.

    Args:
        cause: why.
        rule: the rule that decided; None when it was the time for all others, the size or the disk.
        rows: how many.
        size_bytes: their share of the segments that they are in.
        first_ns: earliest timestamp, ns since the epoch, exact to the minute.
        last_ns: latest timestamp, likewise.
    """

    cause: Cause
    rule: Rule | None
    rows: int
    size_bytes: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done with one segment.

    Args:
        segment: the segment.
        removed: the records that go.
        horizons: the minute of each of all rules before which records go; None when all of them go.
        archived: whether they went to the archive.
    """

    segment: Segment
    removed: tuple[Removed, ...]
    horizons: Sequence[int] | None = None
    archived: bool = False

    @property
    def for_disk(self) -> bool:
        """Whether some records go because the disk is nearly full."""
        return any(item.cause is Cause.DISK for item in self.removed)


@dataclass(frozen=True, slots=True)
class Report:
    """What went, or would go.

    Args:
        time_ns: when, ns since the epoch.
        removed: the records that went, one entry for each cause and rule.
        segments: how many segments went as a whole.
        rewritten: how many segments were written again without some of their records.
        archived: how many of both had what went moved to the archive.
        failed: how many segments could not be removed or written again.
    """

    time_ns: int
    removed: tuple[Removed, ...] = ()
    segments: int = 0
    rewritten: int = 0
    archived: int = 0
    failed: int = 0

    @property
    def rows(self) -> int:
        """How many records."""
        return sum(removed.rows for removed in self.removed)

    @property
    def size_bytes(self) -> int:
        """Room that they took."""
        return sum(removed.size_bytes for removed in self.removed)


def report(time_ns: int, done: Sequence[Step], failed: int = 0) -> Report:
    """Sum up steps."""
    whole = sum(step.horizons is None for step in done)
    removed = _merged(removed for step in done for removed in step.removed)
    archived = sum(step.archived for step in done)
    return Report(time_ns, removed, whole, len(done) - whole, archived, failed)


def by_age(
    segment: Segment, policy: Policy, groups: Iterable[tuple[int, int, int, int]]
) -> tuple[Removed, ...]:
    """Say which records of a segment go by their age.

    Args:
        segment: the segment.
        policy: what is kept.
        groups: number of the rule, rows, first and last timestamp of the records that go.
    """
    rules = (*policy.rules, None)
    return tuple(
        Removed(Cause.AGE, rules[number], rows, segment.size_bytes * rows // segment.rows, first_ns, last_ns)
        for number, rows, first_ns, last_ns in groups
    )


def _merged(removed: Iterable[Removed]) -> tuple[Removed, ...]:
    merged: dict[tuple[Cause, Rule | None], Removed] = {}
    for item in removed:
        key = item.cause, item.rule
        other = merged.get(key)
        merged[key] = (
            item
            if other is None
            else replace(
                item,
                rows=item.rows + other.rows,
                size_bytes=item.size_bytes + other.size_bytes,
                first_ns=min(item.first_ns, other.first_ns),
                last_ns=max(item.last_ns, other.last_ns),
            )
        )
    return tuple(merged.values())
