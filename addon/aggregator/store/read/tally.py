"""Counts of rows by time, service and level: from the parts' counts where they tell, else by a scan."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from aggregator import limits
from aggregator.errors import InvalidFieldError
from aggregator.query.ast import And, MatchAll, Node, Term, terms
from aggregator.query.fragment import SqlFilter
from aggregator.query.sql import compile_filter
from aggregator.store.part import Part
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Library, Reading, joined, union
from aggregator.store.read.steps import round_step_ns
from aggregator.store.reads import Bucket, Count, CountOverTime, Histogram, Selection
from aggregator.store.segments.counts import NS_PER_MINUTE, Counts, Pair, groups_of

type Dimension = Literal["service", "level"]
type Key = tuple[int, str | None, str | None]
"""Start of the stretch of time in ns (0 without a step), service and level (None where not told apart)."""

_DIMENSIONS: tuple[Dimension, ...] = ("service", "level")


def count(library: Library, selection: Selection, budget: Budget) -> Count:
    """Count rows."""
    with library.open(budget) as reading:
        rows = tally(reading, selection, None, ()).total()
        return Count(rows, reading.answers_partly)


def histogram(library: Library, asked: CountOverTime, budget: Budget) -> Histogram:
    """Count rows over time, by level and perhaps by service.

    Raises:
        InvalidFieldError: the step makes too many buckets.
    """
    with library.open(budget) as reading:
        start_ns, end_ns = extent(reading, asked.selection)
        step_ns = asked.step_ns or round_step_ns(end_ns - start_ns, asked.buckets)
        check_step(step_ns, start_ns, end_ns)
        by: tuple[Dimension, ...] = ("service", "level") if asked.by_service else ("level",)
        rows = tally(reading, asked.selection, step_ns, by)
        ordered = sorted(rows.items(), key=lambda item: [(part is not None, part) for part in item[0]])
        return Histogram(
            step_ns, [Bucket(*key, rows=number) for key, number in ordered], reading.answers_partly
        )


def extent(reading: Reading, selection: Selection) -> tuple[int, int]:
    """Say from when to when a selection's rows may lie: its own bounds, or those of what is stored."""
    narrowed = reading.narrowed(selection)
    parts = reading.in_time(narrowed)
    start_ns, end_ns = narrowed.start_ns, narrowed.end_ns
    if start_ns is None:
        start_ns = min((part.first_ns for part in parts), default=end_ns or 0)
    if end_ns is None:
        end_ns = max((part.last_ns + 1 for part in parts), default=start_ns)
    return start_ns, max(start_ns, end_ns)


def check_step(step_ns: int, start_ns: int, end_ns: int) -> None:
    """Refuse a step that is too short for its range.

    Raises:
        InvalidFieldError: it makes too many buckets.
    """
    if (end_ns - start_ns) // step_ns >= limits.BUCKETS:
        raise InvalidFieldError(
            f"step_s: makes more than {limits.BUCKETS} buckets of this range; give start and end",
            field="step_s",
        )


def tally(
    reading: Reading, selection: Selection, step_ns: int | None, by: Sequence[Dimension]
) -> Counter[Key]:
    """Count rows by time, service and level.

    Args:
        reading: the read; it becomes partial when the time is over.
        selection: of which rows.
        step_ns: length of the stretches of time; None makes one of all time.
        by: what is told apart.
    """
    narrowed = reading.narrowed(selection)
    parts = reading.choose(narrowed)
    pairs_node = _about_pairs(selection.node)
    counts = [part.counts for part in parts if part.counts is not None]
    if pairs_node is None or not counts or (step_ns is not None and step_ns % NS_PER_MINUTE):
        return _scanned(reading, [_Stretch(part, narrowed) for part in parts], step_ns, by)
    matching = _matching_pairs(reading, pairs_node, counts)
    total: Counter[Key] = Counter()
    scanned: list[_Stretch] = []
    for part in parts:
        if part.counts is None:
            scanned.append(_Stretch(part, narrowed))
            continue
        first_minute, end_minute, cut = _whole_minutes(part.counts, narrowed)
        scanned += [_Stretch(part, selection) for selection in cut]
        numbers, groups = groups_of(
            part.counts.pairs, lambda pair: _key(pair, by) if pair in matching else None
        )
        step = None if step_ns is None else step_ns // NS_PER_MINUTE
        for minute, group, rows in part.counts.summed(first_minute, end_minute, step, numbers):
            total[minute * NS_PER_MINUTE, *groups[group]] += rows
    return total + _scanned(reading, scanned, step_ns, by)


@dataclass(frozen=True, slots=True)
class _Stretch:
    part: Part
    selection: Selection


def _about_pairs(node: Node) -> Node | None:
    """What a search asks of services and levels, if it asks for nothing else but a range of time."""
    operands = node.operands if isinstance(node, And) else (node,)
    rest = [operand for operand in operands if not _is_range(operand)]
    if any(term.field not in _DIMENSIONS for operand in rest for term in terms(operand)):
        return None
    if not rest:
        return MatchAll()
    return rest[0] if len(rest) == 1 else And(tuple(rest))


def _is_range(node: Node) -> bool:
    return isinstance(node, Term) and node.field == "timestamp"


def _matching_pairs(reading: Reading, node: Node, counts: Iterable[Counts]) -> set[Pair]:
    """The pairs that match a search; the engine decides, as it does for rows."""
    pairs = list({pair for each in counts for pair in each.pairs})
    if isinstance(node, MatchAll):
        return set(pairs)
    where = compile_filter(node, {name: name for name in _DIMENSIONS}, reading.now_ns)

    def match(connection: duckdb.DuckDBPyConnection, pairs: list[Pair]) -> set[Pair]:
        return set(
            connection.execute(
                "SELECT service, level FROM (SELECT unnest(?::VARCHAR[]) AS service, "
                f"unnest(?::VARCHAR[]) AS level) WHERE {where.sql}",
                ([service for service, _ in pairs], [level for _, level in pairs], *where.parameters),
            ).fetchall()
        )

    (matching,) = reading.scan([pairs], match)
    return matching or set()


def _whole_minutes(counts: Counts, selection: Selection) -> tuple[int | None, int | None, list[Selection]]:
    """Split a range into its whole minutes and the rows of the minutes that it cuts."""
    start_ns, end_ns = selection.start_ns, selection.end_ns
    first = None if start_ns is None else -(-start_ns // NS_PER_MINUTE)
    end = None if end_ns is None else end_ns // NS_PER_MINUTE
    if first is not None and end is not None and first > end:
        # Both ends lie in one minute.
        return first, first, [selection] if counts.has_rows(end, first) else []
    cut = []
    if first is not None and start_ns != first * NS_PER_MINUTE and counts.has_rows(first - 1, first):
        cut.append(Selection(selection.node, start_ns, first * NS_PER_MINUTE))
    if end is not None and end_ns != end * NS_PER_MINUTE and counts.has_rows(end, end + 1):
        cut.append(Selection(selection.node, end * NS_PER_MINUTE, end_ns))
    return first, end, cut


def _key(pair: Pair, by: Sequence[Dimension]) -> Pair:
    service, level = pair
    return service if "service" in by else None, level if "level" in by else None


def _scanned(
    reading: Reading, stretches: Sequence[_Stretch], step_ns: int | None, by: Sequence[Dimension]
) -> Counter[Key]:
    by_part: dict[Part, list[_Stretch]] = {}
    for stretch in stretches:
        by_part.setdefault(stretch.part, []).append(stretch)
    groups = [[stretch for part in group for stretch in by_part[part]] for group in reading.grouped(by_part)]
    total: Counter[Key] = Counter()
    for found in reading.scan(
        groups, lambda connection, group: _scan(reading, connection, group, step_ns, by)
    ):
        total.update(found or {})
    return total


def _scan(
    reading: Reading,
    connection: duckdb.DuckDBPyConnection,
    stretches: Sequence[_Stretch],
    step_ns: int | None,
    by: Sequence[Dimension],
) -> dict[Key, int]:
    start = "0" if step_ns is None else f"timestamp // {step_ns} * {step_ns}"
    kept = ", ".join(name if name in by else f"NULL AS {name}" for name in _DIMENSIONS)
    by_selection: dict[tuple[int | None, int | None], list[_Stretch]] = {}
    for stretch in stretches:
        bounds = (stretch.selection.start_ns, stretch.selection.end_ns)
        by_selection.setdefault(bounds, []).append(stretch)
    selects = []
    for alike in by_selection.values():
        for each in joined(stretch.part for stretch in alike):
            where = reading.condition(alike[0].selection, each.view)
            selects.append(
                SqlFilter(
                    f"SELECT {start} AS start, {kept} FROM {each.view.relation} WHERE {where.sql}",
                    where.parameters,
                )
            )
    rows = union(selects)
    counted = connection.execute(
        f"SELECT start, service, level, count(*) FROM ({rows.sql}) GROUP BY ALL", rows.parameters
    ).fetchall()
    return {(start, service, level): rows for start, service, level, rows in counted}
