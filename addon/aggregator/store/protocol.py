"""What every store of log records offers, whatever engine is behind it."""

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from aggregator import limits
from aggregator.errors import AggregatorError
from aggregator.query.ast import Node
from aggregator.record.output import Record
from aggregator.store.activity import Activity


@dataclass(frozen=True, slots=True)
class Position:
    """Where a row stands in the order of time.

    Args:
        timestamp_ns: its timestamp, ns since the epoch.
        seq: its number in the store, which decides between equal timestamps.
    """

    timestamp_ns: int
    seq: int


@dataclass(frozen=True, slots=True)
class Search:
    """One page of a search.

    Args:
        node: what to find.
        start_ns: earliest timestamp, inclusive.
        end_ns: latest timestamp, exclusive.
        limit: most rows.
        newest_first: the order.
        after: position of the last row of the page before.
    """

    node: Node
    start_ns: int | None = None
    end_ns: int | None = None
    limit: int = 100
    newest_first: bool = True
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a search found.

    Args:
        rows: the records, in order.
        next: where the next page goes on; None when there is nothing further.
        partial: whether the time budget ran out.
    """

    rows: list[Record]
    next: Position | None
    partial: bool


@dataclass(frozen=True, slots=True)
class StoreSize:
    """How much is stored.

    Args:
        rows: records.
        size_bytes: of segments and log files on the disk.
        segments: how many segments.
        first_ns: earliest timestamp, ns since the epoch; None in an empty store.
        last_ns: latest timestamp.
    """

    rows: int
    size_bytes: int
    segments: int
    first_ns: int | None
    last_ns: int | None


class Store(Protocol):
    """A store of log records. Its methods block: call them from threads."""

    @property
    def activity(self) -> Activity:
        """What each service did lately."""

    @property
    def failure(self) -> AggregatorError | None:
        """Why lines can't be stored, if so."""

    @property
    def last_seq(self) -> int:
        """Number of the last record that can be found."""

    def append(self, lines: bytes, rows: int, source: str) -> Future[None]:
        """Take lines; the future is done when they are durable.

        Args:
            lines: NDJSON, each line a JSON object and ended by a newline.
            rows: how many lines.
            source: how they came.

        Raises:
            OverloadedError: too much is waiting already.
            StoreFailedError: the disk failed before.
        """

    def search(self, search: Search, time_budget_s: float = limits.SEARCH_TIME_S) -> Page:
        """Find one page of records."""

    def since(self, after_seq: int, node: Node, limit: int) -> tuple[list[Record], int, int]:
        """Find the newest records behind a number.

        Returns:
            The records, oldest first; how many older ones were left out; the number up to which it looked.
        """

    def size(self) -> StoreSize:
        """How much is stored."""

    def remove_older_than(self, days: int) -> int:
        """Remove what is older than so many days, as far as the engine can; return how many rows went."""

    def close(self) -> None:
        """Make durable what was taken, and let go of the files."""
