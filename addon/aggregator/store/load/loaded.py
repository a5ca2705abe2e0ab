"""What a load brought, for those who keep count."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import duckdb

from aggregator.store.log.frame import Batch
from aggregator.store.segments.segment import Segment


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load brought.

    Args:
        last_seq: number of the last line.
        observed_ns: when the last line was taken, ns since the epoch.
        counts: (service, level, rows) of what was added.
        first_ns: earliest timestamp of what was added; 0 if nothing was.
        last_ns: latest timestamp of what was added; 0 if nothing was.
        duplicates: rows left out because their `uid` was there already.
    """

    last_seq: int
    observed_ns: int
    counts: list[tuple[str | None, str | None, int]]
    first_ns: int
    last_ns: int
    duplicates: int

    @classmethod
    def count(
        cls, connection: duckdb.DuckDBPyConnection, added: str, frames: Sequence[Batch], duplicates: int
    ) -> Self:
        """Count the rows that were added.

        Args:
            connection: where to count.
            added: SQL behind FROM that stands for these rows.
            frames: where they came from.
            duplicates: rows left out.
        """
        counts = connection.execute(
            f"SELECT service, level, count(*), min(timestamp), max(timestamp) FROM {added} GROUP BY ALL"
        ).fetchall()
        return cls(
            last_seq=frames[-1].last_seq,
            observed_ns=frames[-1].observed_ns,
            counts=[(service, level, count) for service, level, count, _, _ in counts],
            first_ns=min((first_ns for *_, first_ns, _ in counts), default=0),
            last_ns=max((last_ns for *_, last_ns in counts), default=0),
            duplicates=duplicates,
        )

    @classmethod
    def of_segment(cls, added: Segment, frames: Sequence[Batch]) -> Self:
        """Tell what a load brought that is a segment by itself.

        Args:
            added: the segment.
            frames: where its records came from.
        """
        counts = added.counts
        sums = counts.summed(None, None, None, range(len(counts.pairs)))
        return cls(
            last_seq=frames[-1].last_seq,
            observed_ns=frames[-1].observed_ns,
            counts=[(*counts.pairs[pair], rows) for _, pair, rows in sums],
            first_ns=added.first_ns,
            last_ns=added.last_ns,
            duplicates=0,
        )

    @property
    def rows(self) -> int:
        """How many rows were added."""
        return sum(count for _, _, count in self.counts)
