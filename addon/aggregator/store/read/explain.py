"""What a read of some rows would look through, and what it would leave closed."""

import time

from aggregator.store.keep.archived import Archived
from aggregator.store.part import Part
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library
from aggregator.store.reads import Kind, PartUse, Plan, Selection, Use
from aggregator.store.segments.segment import Segment


def plan(library: Library, selection: Selection) -> Plan:
    """Say of each part of the store whether a read of a selection opens it, and how long the choice took."""
    started_s = time.perf_counter()
    with library.open(Budget()) as reading:
        narrowed = reading.narrowed(selection)
        in_time = set(reading.in_time(narrowed))
        opened = set(reading.choose(narrowed))
        decided_s = time.perf_counter() - started_s
        parts = [
            PartUse(
                use=Use.OPENED if part in opened else Use.NO_MATCH if part in in_time else Use.OUT_OF_TIME,
                kind=_kind(part),
                rows=part.rows,
                size_bytes=part.size_bytes,
                first_ns=part.first_ns,
                last_ns=part.last_ns,
            )
            for part in sorted(reading.parts, key=lambda part: part.last_ns, reverse=True)
            if part.rows
        ]
    return Plan(parts, 1000 * decided_s)


def _kind(part: Part) -> Kind:
    match part:
        case Segment():
            return Kind.SEGMENT
        case Archived():
            return Kind.ARCHIVED
        case _:
            return Kind.MEMORY
