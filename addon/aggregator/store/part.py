"""Parts: what a read looks through, rows in memory and segments on the disk alike."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aggregator.query.spelling import Spelled, unknown
from aggregator.store.segments.counts import Counts
from aggregator.store.segments.index import Index


@dataclass(frozen=True, slots=True)
class View:
    """How to read a part at one moment.

    Args:
        relation: SQL that names the relation.
        columns: name of each sender field → its column in the relation.
        spelled: how words are written in its running text.
    """

    relation: str
    columns: Mapping[str, str]
    spelled: Spelled = unknown


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
    retired: bool = field(default=False, init=False)

    @property
    def counts(self) -> Counts | None:
        """Its rows by minute, service and level; None where nobody counted them."""
        return None

    def is_chosen(self, choice: Callable[[Index], bool]) -> bool:  # noqa: ARG002 - it has no index
        """Tell whether some row may hold what a search needs, as far as an index tells."""
        return True

    def dispose(self) -> None:
        """Free what the part holds; called once, when it is retired and nobody reads it."""


class Catalogue:
    """The parts that make up the store, safe for readers while parts come and go."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Another list after each change, so that leases share it and cost the same for few parts and many.
        self._parts: list[Part] = []
        self._leases: dict[object, list[Part]] = {}
        self._leases_of_retired: dict[Part, set[object]] = {}

    def add(self, part: Part) -> None:
        """Show a part to readers."""
        with self._lock:
            self._parts = [*self._parts, part]

    def replace(self, old: Sequence[Part], new: Part | None) -> None:
        """Put a part in the place of others in one step, or nothing; the old ones go after their readers."""
        idle = []
        with self._lock:
            parts = list(self._parts)
            for part in old:
                parts.remove(part)
            for part in old:
                part.retired = True
                leases = {lease for lease, leased in self._leases.items() if part in leased}
                if leases:
                    self._leases_of_retired[part] = leases
                else:
                    idle.append(part)
            if new is not None:
                parts.append(new)
            self._parts = parts
        for part in idle:
            part.dispose()

    @contextmanager
    def lease(self) -> Iterator[Sequence[Part]]:
        """Hold all present parts for a read: none of them goes away meanwhile."""
        lease = object()
        with self._lock:
            parts = self._leases[lease] = self._parts
        try:
            yield parts
        finally:
            disposable = []
            with self._lock:
                del self._leases[lease]
                for part, leases in list(self._leases_of_retired.items()):
                    leases.discard(lease)
                    if not leases:
                        del self._leases_of_retired[part]
                        disposable.append(part)
            for part in disposable:
                part.dispose()
