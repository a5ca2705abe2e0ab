"""What all reads share: the parts they look through, cursors, all cores, and an end in time."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import duckdb

from aggregator import limits
from aggregator.errors import ReadTooLargeError
from aggregator.priority import stand_back
from aggregator.query.fragment import SqlFilter
from aggregator.query.needles import needs_of
from aggregator.query.scope import time_bounds
from aggregator.query.spelling import Spelling
from aggregator.query.sql import compile_filter
from aggregator.record import normalise
from aggregator.record.fields import RECORD_FIELDS
from aggregator.store.keep.archived import ArchiveSearch
from aggregator.store.part import Catalogue, Part, View
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Selection
from aggregator.store.segments import index, segment
from aggregator.store.segments.quarantine import Quarantine
from aggregator.store.segments.segment import Segment

_RECORD_COLUMNS = {name: name for name in RECORD_FIELDS}
_GROUP_ROWS = 400_000
"""Most rows that one statement of a scan reads, so that it can end in between."""

_GROUP_PARTS = 64

_table_numbers = count()


class Reading:
    """One read while it goes on.

    Args:
        library: where it comes from.
        parts: what it may look through; none of them goes away meanwhile.
        budget: when it has to stop.
        lacks_archive: whether an archive that is to be searched is not among the parts yet.
    """

    def __init__(
        self, library: "Library", parts: Sequence[Part], budget: Budget, *, lacks_archive: bool
    ) -> None:
        self._database = library.database
        self._library = library
        self.parts = parts
        self.budget = budget
        self.now_ns = time.time_ns()
        self.partial = False
        self._lacks_archive = lacks_archive

    @property
    def answers_partly(self) -> bool:
        """Whether what is answered may lack rows: this read is partial, or the archive was not open yet."""
        return self.partial or self._lacks_archive

    def narrowed(self, selection: Selection) -> Selection:
        """The same selection with the times that its search implies, so that parts outside are left out."""
        first_ns, last_ns = time_bounds(selection.node, self.now_ns)
        starts = [bound for bound in (selection.start_ns, first_ns) if bound is not None]
        ends = [bound for bound in (selection.end_ns, last_ns) if bound is not None]
        return replace(selection, start_ns=max(starts, default=None), end_ns=min(ends, default=None))

    def choose(self, selection: Selection) -> list[Part]:
        """The parts that may hold rows of a selection: every read of a selection starts here."""
        choice = index.choice(needs_of(selection.node))
        chosen = [part for part in self.in_time(selection) if part.is_chosen(choice)]
        whole = self._library.quarantine.whole(chosen)
        self.partial = self.partial or len(whole) < len(chosen)
        return whole

    def in_time(self, selection: Selection) -> list[Part]:
        """The parts with rows in a selection's times."""
        start_ns, end_ns = selection.start_ns, selection.end_ns
        return [
            part
            for part in self.parts
            if part.rows
            and (start_ns is None or part.last_ns >= start_ns)
            and (end_ns is None or part.first_ns < end_ns)
        ]

    def grouped(self, parts: Iterable[Part]) -> list[list[Part]]:
        """Put parts into groups that are good for one statement each, the newest first, for all cores."""
        newest_first = sorted(parts, key=lambda part: part.last_ns, reverse=True)
        share = sum(part.rows for part in newest_first) // (self._library.helpers + 1)
        group_rows = min(max(share, 1), _GROUP_ROWS)
        groups: list[list[Part]] = []
        rows = group_rows
        for part in newest_first:
            if rows >= group_rows or len(groups[-1]) >= _GROUP_PARTS:
                groups.append([])
                rows = 0
            groups[-1].append(part)
            rows += part.rows
        return groups

    def condition(self, selection: Selection, view: View) -> SqlFilter:
        """The SQL condition for a selection's rows of one part."""
        columns = {**_RECORD_COLUMNS, **view.columns}
        where = compile_filter(
            selection.node, columns, self.now_ns, rest=normalise.REST, spelled=view.spelled
        )
        conditions, bound = [where.sql], [*where.parameters]
        if selection.start_ns is not None:
            conditions.append("timestamp >= ?")
            bound.append(selection.start_ns)
        if selection.end_ns is not None:
            conditions.append("timestamp < ?")
            bound.append(selection.end_ns)
        return SqlFilter(" AND ".join(conditions), tuple(bound))

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of this read, interrupted when its time is over."""
        with self._database.cursor() as connection, self.budget.spent_on(connection):
            yield connection

    def scan[Group, Found](
        self, groups: Iterable[Group], read: Callable[[duckdb.DuckDBPyConnection, Group], Found]
    ) -> list[Found | None]:
        """Read groups of anything on all cores.

        Args:
            groups: what each call of `read` gets, the most wanted first.
            read: reads one group; several threads call it, each with a connection of its own.

        Returns:
            What each group gave; None, and this read is partial, where the time was over.
        """
        waiting = deque(enumerate(groups))
        found: list[Found | None] = [None] * len(waiting)

        def work() -> None:
            with self.cursor() as connection:
                while not self.budget.is_over:
                    try:
                        number, group = waiting.popleft()
                    except IndexError:
                        return
                    try:
                        found[number] = read(connection, group)
                    except duckdb.InterruptException:
                        self.partial = True
                    except duckdb.OutOfMemoryException:
                        raise
                    except duckdb.Error:
                        # A damaged part is set aside for the next read; this one goes without its group.
                        if not self._library.quarantine.set_aside_any_damaged(self.parts):
                            raise
                        self.partial = True

        helpers = [
            self._library.pool.submit(work) for _ in range(min(self._library.helpers, len(waiting) - 1))
        ]
        try:
            work()
        finally:
            for helper in helpers:
                if not helper.cancel():
                    helper.result()
        self.partial = self.partial or bool(waiting)
        return found

    @contextmanager
    def table(self, columns: str) -> Iterator[str]:
        """A table of the engine in which scans gather what they find, for as long as this read goes on.

        Args:
            columns: its columns in SQL.
        """
        name = f"gathered_{next(_table_numbers)}"
        with self._database.cursor() as connection:
            connection.execute(f"CREATE TABLE {name} ({columns})")
            try:
                yield name
            finally:
                connection.execute(f"DROP TABLE {name}")

    def summary(self, sql: str) -> list[tuple[Any, ...]]:
        """Sum up what was gathered; the end of the time does not stop that, so that it is answered."""
        with self._database.cursor() as connection:
            return connection.execute(sql).fetchall()


class Library:
    """Where reads come from: one for each store.

    Args:
        database: the in-memory database.
        catalogue: the parts.
        quarantine: keeps damaged ones from readers.
        archive_search: shows the archive's segments.
    """

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        catalogue: Catalogue,
        quarantine: Quarantine,
        archive_search: ArchiveSearch,
    ) -> None:
        self.database = database
        self.quarantine = quarantine
        self._catalogue = catalogue
        self._archive_search = archive_search
        # The thread that asks works too.
        self.helpers = max((os.process_cpu_count() or 1) - 1, 0)
        self.pool = ThreadPoolExecutor(
            max(self.helpers, 1), "scan", initializer=stand_back, initargs=(limits.READ_NICENESS,)
        )

    @contextmanager
    def open(self, budget: Budget) -> Iterator[Reading]:
        """Begin a read.

        Raises:
            ReadTooLargeError: inside it, the engine lacks memory.
        """
        # Asked before the lease: an archive that opens in between is told as missing, never as there.
        lacks_archive = self._archive_search.is_opening
        with self._catalogue.lease() as parts, budget.running():
            try:
                yield Reading(self, parts, budget, lacks_archive=lacks_archive)
            except duckdb.OutOfMemoryException as error:
                raise ReadTooLargeError(
                    "this takes more memory than reads have: ask for less time, or for fewer groups"
                ) from error

    def close(self) -> None:
        """End the threads."""
        self.pool.shutdown()


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts that one relation holds.

    Args:
        view: how to read them.
        parts: they, in the order of the relation's column `file_index` where there are several.
    """

    view: View
    parts: Sequence[Part]


def joined(parts: Iterable[Part]) -> list[Joined]:
    """Join segments with the same columns, so that what a statement costs for each relation is paid once.

    The dearest of that is the regular expression of a word: its classes of letters take 3 ms to compile.
    """
    alike: dict[object, list[Part]] = {}
    for part in parts:
        key = frozenset(part.view.columns.items()) if isinstance(part, Segment) else part
        alike.setdefault(key, []).append(part)
    return [Joined(_view(group), group) for group in alike.values()]


def _view(parts: Sequence[Part]) -> View:
    if len(parts) == 1:
        return parts[0].view
    paths = [part.path for part in parts if isinstance(part, Segment)]
    views = [part.view for part in parts]

    def spelled(field: str, word: str) -> Spelling:
        return max(view.spelled(field, word) for view in views)

    return View(segment.relation(paths, numbered=True), views[0].columns, spelled)


def union(selects: Iterable[SqlFilter]) -> SqlFilter:
    """Join SELECTs over several parts, one below the other."""
    listed = list(selects)
    return SqlFilter(
        " UNION ALL ".join(f"({select.sql})" for select in listed),
        tuple(parameter for select in listed for parameter in select.parameters),
    )
