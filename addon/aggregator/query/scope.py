"""What of a store a search touches, so that the rest need not be read."""

from collections.abc import Iterable

from aggregator.query.ast import And, MatchAll, Node, Not, Or, Term, Test
from aggregator.query.times import time_interval

type TimeBounds = tuple[int | None, int | None]


def time_bounds(node: Node, now_ns: int) -> TimeBounds:
    """Say between which times every match lies; never less than that, perhaps more.

    Args:
        node: the search.
        now_ns: the present in nanoseconds since the epoch.

    Returns:
        The first nanosecond and the one after the last; None is an open end. When the first is not
        before the other, nothing matches.
    """
    return _bounds(node, now_ns, negated=False)


def _bounds(node: Node, now_ns: int, *, negated: bool) -> TimeBounds:
    match node:
        case Not(operand):
            return _bounds(operand, now_ns, negated=not negated)
        case And(operands) | Or(operands):
            each = [_bounds(operand, now_ns, negated=negated) for operand in operands]
            # Not all is any of the negated ones, and the other way round.
            return _hull(each) if isinstance(node, Or) != negated else _intersection(each)
        case Term("timestamp", test):
            return _interval(test, now_ns, negated=negated)
        case Term() | MatchAll():
            return None, None


def _interval(test: Test, now_ns: int, *, negated: bool) -> TimeBounds:
    start_ns, end_ns = time_interval(test, now_ns)
    if not negated:
        return start_ns, end_ns
    if start_ns is None:
        return end_ns, None
    # Around an interval with two ends lies everything.
    return None, start_ns if end_ns is None else None


def _intersection(each: Iterable[TimeBounds]) -> TimeBounds:
    starts_ns, ends_ns = zip(*each, strict=True)
    return (
        max((start for start in starts_ns if start is not None), default=None),
        min((end for end in ends_ns if end is not None), default=None),
    )


def _hull(each: Iterable[TimeBounds]) -> TimeBounds:
    starts_ns, ends_ns = zip(*each, strict=True)
    return (
        None if None in starts_ns else min(starts_ns),
        None if None in ends_ns else max(ends_ns),
    )
