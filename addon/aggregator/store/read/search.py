"""Search: pages of records in the order of time, from either end and in both directions."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from heapq import merge
from itertools import islice, takewhile

import duckdb

from aggregator.query.ast import MatchAll
from aggregator.query.fragment import SqlFilter
from aggregator.query.needles import is_rare, needs_of
from aggregator.record import normalise
from aggregator.record.output import Record, records
from aggregator.store.part import Part, View
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading, joined, union
from aggregator.store.reads import Page, Position, Search, Selection

_PROBED_ROWS = 10_000
"""Rows from which on a part is first asked for its end alone, where a page of all rows is found."""

_PROBED_PER_ROW = 4
"""How many of a part's last rows are looked at in that, for each row that is wanted."""

_STATEMENTS = 2
_FEW_PARTS = 4
_SPLIT_ROWS = 50
"""Rows of one part from which on they are fetched by two statements, a core for each."""

_PARTS_AT_ONCE = 64
_GROWTH = 3
"""How many times as many parts are read each time when those before did not fill the page."""

_LAST_SEQ = 2**64 - 1

type _Key = tuple[int, int, int]
"""Timestamp and number of a row, both negated when the newest come first, and the index of its part."""


def page(library: Library, search: Search, budget: Budget) -> Page:
    """Find one page of records.

    Parts are read in the order of time, and only as far as the page reaches. Where time runs out, the page
    has what is certain to come first, and the next one goes on from there.
    """
    with library.open(budget) as reading:
        return find(reading, search)


def find(reading: Reading, search: Search) -> Page:
    """Find one page of records as a part of a read."""
    if search.before is None:
        return _Finder(reading, search).page()
    turned = replace(search, after=search.before, before=None, newest_first=not search.newest_first)
    found = _Finder(reading, turned).page()
    rows = found.rows[::-1]
    if not rows:
        return Page(rows, None, found.partial, found.next)
    return Page(rows, _position(rows[-1]), found.partial, _position(rows[0]))


def _position(record: Record) -> Position:
    return Position(record.timestamp_ns, record.seq)


class _Finder:
    """Finds one page's rows: first which they are, from the columns that this takes; then all of them.

    Where a search asks for an ID it reads its few rows at once, as each statement takes time to plan.

    Args:
        reading: the read.
        search: the page.
    """

    def __init__(self, reading: Reading, search: Search) -> None:
        self._reading = reading
        self._search = search
        self._sign = -1 if search.newest_first else 1
        self._wanted = search.limit + 1
        self._selection = self._narrowed()
        self._is_rare = is_rare(needs_of(search.node))
        self._read: dict[tuple[int, int], Record] = {}
        self._parts = sorted(reading.choose(self._selection), key=self._nearest)
        self._unread = 0

    def page(self) -> Page:
        """Find the page."""
        keys = self._find()
        rows = self._fetch(keys[: self._search.limit])
        is_partial = self._reading.partial
        following = None
        if rows and (is_partial or len(keys) > self._search.limit):
            following = _position(rows[-1])
        elif not keys and is_partial and self._unread:
            # Nothing was found as far as the search came.
            reached_ns = abs(self._nearest(self._parts[self._unread]))
            following = Position(reached_ns, _LAST_SEQ if self._search.newest_first else 0)
        return Page(rows, following, self._reading.answers_partly, _position(rows[0]) if rows else None)

    def _find(self) -> list[_Key]:
        found: list[_Key] = []
        # Few parts are left where a search asks for something rare, and then most of them are needed.
        at_once = _STATEMENTS if len(self._parts) > _FEW_PARTS else _FEW_PARTS
        while not self._reading.partial:
            worst = found[-1][0] if len(found) == self._wanted else None
            wave = self._wave(at_once, worst)
            if not wave:
                break
            groups = [group for start in range(_STATEMENTS) if (group := wave[start::_STATEMENTS])]
            each = self._reading.scan(groups, partial(self._keys, worst))
            found = list(islice(merge(found, *(keys for keys in each if keys is not None)), self._wanted))
            if not self._reading.partial:
                self._unread += len(wave)
                at_once = min(_GROWTH * at_once, _PARTS_AT_ONCE)
        if self._reading.partial and self._unread < len(self._parts):
            certain = self._nearest(self._parts[self._unread])
            found = found[: bisect_left(found, (certain,))]
        return found

    def _wave(self, at_once: int, worst: int | None) -> list[tuple[int, Part]]:
        """The parts to read next, with their indices; none that has nothing before the worst of use."""
        parts = self._parts[self._unread : self._unread + at_once]
        if worst is not None:
            parts = list(takewhile(lambda part: self._nearest(part) <= worst, parts))
        return list(enumerate(parts, self._unread))

    def _keys(
        self,
        worst: int | None,
        connection: duckdb.DuckDBPyConnection,
        group: Sequence[tuple[int, Part]],
    ) -> list[_Key]:
        """Find the keys of the first rows of some parts, none behind the worst that is of use."""
        if self._is_rare:
            return sorted(key for index, part in group for key in self._whole(connection, index, part))
        if worst is None and len(group) == 1 and self._is_probed(group[0][1]):
            found = self._keys_up_to(connection, group, self._probe(group[0][1]))
            if len(found) == self._wanted:
                return found
        return self._keys_up_to(connection, group, worst)

    def _keys_up_to(
        self,
        connection: duckdb.DuckDBPyConnection,
        group: Sequence[tuple[int, Part]],
        last: int | None,
    ) -> list[_Key]:
        up_to = "" if last is None else f" AND timestamp {'>=' if self._sign < 0 else '<='} {abs(last)}"
        selects = []
        indices = {part: index for index, part in group}
        several = joined(indices)
        for number, each in enumerate(several):
            where = self._condition(each.view)
            file = "file_index" if len(each.parts) > 1 else "0"
            selects.append(
                SqlFilter(
                    f"SELECT timestamp, {normalise.SEQ} AS seq, {number} AS relation, {file} AS file "
                    f"FROM {each.view.relation} WHERE {where.sql}{up_to}",
                    where.parameters,
                )
            )
        rows = union(selects)
        direction = "DESC" if self._sign < 0 else "ASC"
        found = connection.execute(
            f"SELECT timestamp, seq, relation, file FROM ({rows.sql}) "
            f"ORDER BY timestamp {direction}, seq {direction} LIMIT {self._wanted}",
            rows.parameters,
        ).fetchall()
        sign = self._sign
        return [
            (sign * timestamp, sign * seq, indices[several[relation].parts[file]])
            for timestamp, seq, relation, file in found
        ]

    def _whole(self, connection: duckdb.DuckDBPyConnection, index: int, part: Part) -> list[_Key]:
        """Find the keys of the first rows of a part, and keep the rows."""
        view = part.view
        where = self._condition(view)
        direction = "DESC" if self._sign < 0 else "ASC"
        result = connection.execute(
            f"SELECT * FROM {view.relation} WHERE {where.sql} "
            f"ORDER BY timestamp {direction}, {normalise.SEQ} {direction} LIMIT {self._wanted}",
            where.parameters,
        )
        found = records(result, view.columns)
        self._read |= {(index, record.seq): record for record in found}
        return [(self._sign * record.timestamp_ns, self._sign * record.seq, index) for record in found]

    def _fetch(self, keys: Sequence[_Key]) -> list[Record]:
        """Read the rows of keys; as many of the first as there is time for."""
        by_part: dict[int, list[_Key]] = defaultdict(list)
        places = [(index, abs(seq)) for _, seq, index in keys]
        for key, place in zip(keys, places, strict=True):
            if place not in self._read:
                by_part[key[2]].append(key)
        runs = list(by_part.values())
        if len(runs) == 1 and len(keys) >= _SPLIT_ROWS:
            # Row groups take long to decompress, so each half has a core to itself.
            half = (len(keys) + 1) // 2
            runs = [run for run in (runs[0][:half], runs[0][half:]) if run]
        for run, rows in zip(runs, self._reading.scan(runs, self._rows), strict=True):
            self._read |= {(run[0][2], record.seq): record for record in rows or ()}
        return [self._read[place] for place in takewhile(self._read.__contains__, places)]

    def _rows(self, connection: duckdb.DuckDBPyConnection, keys: Sequence[_Key]) -> list[Record]:
        view = self._parts[keys[0][2]].view
        first_ns, last_ns = sorted((abs(keys[0][0]), abs(keys[-1][0])))
        seqs = sorted(abs(seq) for _, seq, _ in keys)
        # The engine skips row groups by a range, and not by a list.
        result = connection.execute(
            f"SELECT * FROM {view.relation} WHERE {normalise.SEQ} BETWEEN {seqs[0]} AND {seqs[-1]} "
            f"AND timestamp BETWEEN {first_ns} AND {last_ns} "
            f"AND {normalise.SEQ} IN ({', '.join(map(str, seqs))})"
        )
        return records(result, view.columns)

    def _condition(self, view: View) -> SqlFilter:
        where = self._reading.condition(self._selection, view)
        after = self._search.after
        if after is None:
            return where
        beyond = "<" if self._sign < 0 else ">"
        return SqlFilter(
            f"{where.sql} AND (timestamp {beyond} ? OR (timestamp = ? AND {normalise.SEQ} {beyond} ?))",
            (*where.parameters, after.timestamp_ns, after.timestamp_ns, after.seq),
        )

    def _narrowed(self) -> Selection:
        search, after = self._search, self._search.after
        selection = self._reading.narrowed(Selection(search.node, search.start_ns, search.end_ns))
        start_ns, end_ns = selection.start_ns, selection.end_ns
        if after is not None and search.newest_first:
            end_ns = after.timestamp_ns + 1 if end_ns is None else min(end_ns, after.timestamp_ns + 1)
        elif after is not None:
            start_ns = after.timestamp_ns if start_ns is None else max(start_ns, after.timestamp_ns)
        return Selection(search.node, start_ns, end_ns)

    def _nearest(self, part: Part) -> int:
        """Where a part begins in the order of the search: no row's time comes before."""
        return -part.last_ns if self._sign < 0 else part.first_ns

    def _is_probed(self, part: Part) -> bool:
        """Tell whether a part's end is sure to fill the page, but for times that are not even."""
        return part.rows >= _PROBED_ROWS and isinstance(self._search.node, MatchAll)

    def _probe(self, part: Part) -> int:
        """Up to which time to look first in a part whose rows may all match."""
        span_ns = (part.last_ns - part.first_ns) * _PROBED_PER_ROW * self._wanted // part.rows
        if self._sign < 0:
            end_ns = part.last_ns if self._selection.end_ns is None else self._selection.end_ns
            return -max(min(part.last_ns, end_ns) - span_ns, 0)
        start_ns = 0 if self._selection.start_ns is None else self._selection.start_ns
        return max(part.first_ns, start_ns) + span_ns
