"""Parts: what a read looks through, rows in memory and segments on the disk alike."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aggregator.query.needles import Needs
from aggregator.store.segments.counts import Counts


@dataclass(frozen=True, slots=True)
class View:
    """How to read a part at one moment.

    Args:
        relation: SQL that names the relation.
        columns: name of each sender field → its column in the relation.
    """

    relation: str
    columns: Mapping[str, str]


@dataclass(slots=True, eq=False)
class Part:
    """A stretch of rows that one SQL relation holds.

    Args:
        first_seq: number of the first line that it was made of.
        view: how to read it; replaced as a whole while rows are added.
        rows: how many rows.
        first_ns: earliest timestamp, ns since the epoch.
        last_ns: latest timestamp, ns since the epoch.
        last_seq: number of the last line that it was made of.
        size_bytes: size on the disk; 0 for rows in memory.
        field_kinds: kind of value → rows, of each field; None until somebody asked, or where rows still come.
    """

    first_seq: int
    view: View
    rows: int = 0
    first_ns: int = 0
    last_ns: int = 0
    last_seq: int = 0
    size_bytes: int = 0
    field_kinds: Mapping[str, Mapping[str, int]] | None = None
    readers: int = field(default=0, init=False)
    retired: bool = field(default=False, init=False)

    @property
    def counts(self) -> Counts | None:
        """Its rows by minute, service and level; None where nobody counted them."""
        return None

    def may_match(self, needs: Needs) -> bool:  # noqa: ARG002 - what a part without an index can't tell
        """Tell whether some row may hold what a search needs."""
        return True

    def dispose(self) -> None:
        """Free what the part holds; called once, when it is retired and nobody reads it."""


class Catalogue:
    """The parts that make up the store, safe for readers while parts come and go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parts: list[Part] = []

    def add(self, part: Part) -> None:
        """Show a part to readers."""
        with self._lock:
            self._parts.append(part)

    def replace(self, old: Sequence[Part], new: Part | None) -> None:
        """Put a part in the place of others in one step, or nothing; the old ones go after their readers."""
        with self._lock:
            for part in old:
                self._parts.remove(part)
                part.retired = True
            if new is not None:
                self._parts.append(new)
            idle = [part for part in old if not part.readers]
        for part in idle:
            part.dispose()

    @contextmanager
    def lease(self) -> Iterator[list[Part]]:
        """Hold all present parts for a read: none of them goes away meanwhile."""
        with self._lock:
            parts = list(self._parts)
            for part in parts:
                part.readers += 1
        try:
            yield parts
        finally:
            disposable = []
            with self._lock:
                for part in parts:
                    part.readers -= 1
                    if part.retired and part.readers == 0:
                        disposable.append(part)
            for part in disposable:
                part.dispose()
