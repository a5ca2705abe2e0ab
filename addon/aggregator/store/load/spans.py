"""Which lines segments were made of, for many segments at once."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from aggregator.store.files import Span


def replaced(spans: Iterable[Span]) -> set[Span]:
    """Return those of some segments' spans that were made into another one of them."""
    found: set[Span] = set()
    reaching: list[Span] = []
    # One that was made of others comes before them.
    for span in sorted(spans, key=lambda span: (span.first_seq, -span.last_seq, -span.generation)):
        reaching = [other for other in reaching if other.last_seq >= span.first_seq]
        if any(other.replaces(span) for other in reaching):
            found.add(span)
        else:
            reaching.append(span)
    return found


class Held:
    """The lines that some segments were made of.

    Args:
        spans: of the segments, in any order.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        ordered = sorted(spans)
        self._first_seqs = [span.first_seq for span in ordered]
        self._reached_seqs = list(accumulate((span.last_seq for span in ordered), max))

    def __contains__(self, seq: int) -> bool:
        """Tell whether a segment was made of the line of a number."""
        begun = bisect_right(self._first_seqs, seq)
        return begun > 0 and seq <= self._reached_seqs[begun - 1]
