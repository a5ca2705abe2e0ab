"""What every store of log records offers, whatever engine is behind it."""

from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from aggregator.errors import AggregatorError
from aggregator.query.ast import Node
from aggregator.record.output import Record
from aggregator.store.activity import Activity
from aggregator.store.keep.alerts import Alert
from aggregator.store.keep.policy import Policy
from aggregator.store.keep.removal import Report
from aggregator.store.keep.retention import RetentionState
from aggregator.store.keep.snapshot import Snapshots
from aggregator.store.read.budget import Budget
from aggregator.store.reads import (
    Aggregate,
    Context,
    Count,
    CountOverTime,
    ExportFormat,
    Facets,
    FieldUses,
    Groups,
    Histogram,
    Page,
    Plan,
    Search,
    Selection,
)


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

    def search(self, asked: Search, budget: Budget) -> Page:
        """Find one page of records."""

    def context(self, seq: int, lines: int, budget: Budget) -> Context:
        """Find the line of a number, and so many lines before and after it of the same service and host.

        Raises:
            NotFoundError: there is no such line.
        """

    def count(self, selection: Selection, budget: Budget) -> Count:
        """Count rows."""

    def histogram(self, asked: CountOverTime, budget: Budget) -> Histogram:
        """Count rows over time, by level and perhaps by service.

        Raises:
            InvalidFieldError: the step makes too many buckets.
        """

    def facets(self, selection: Selection, fields: Sequence[str], limit: int, budget: Budget) -> Facets:
        """Find the most frequent values of fields."""

    def fields(self, selection: Selection, budget: Budget) -> FieldUses:
        """Find the fields that occur."""

    def aggregate(self, asked: Aggregate, budget: Budget) -> Groups:
        """Compute numbers of a field, group by group.

        Raises:
            InvalidFieldError: there are too many groups.
        """

    def export(self, selection: Selection, export_format: ExportFormat, budget: Budget) -> Generator[bytes]:
        """Write all rows in the order of time, piece by piece; the work is done while pieces are taken.

        Raises:
            ReadTimeoutError: the time was over, or the read cancelled, before the end.
        """

    def explain(self, selection: Selection) -> Plan:
        """Say what a read of some rows would look through."""

    def since(self, after_seq: int, node: Node, limit: int) -> tuple[list[Record], int, int]:
        """Find the newest records behind a number.

        Returns:
            The records, oldest first; how many older ones were left out; the number up to which it looked.
        """

    def size(self) -> StoreSize:
        """How much is stored."""

    def set_policy(self, policy: Policy) -> None:
        """Keep from now on what a policy says."""

    def preview_retention(self, policy: Policy) -> Report:
        """Say what would go by a policy now, and touch nothing."""

    def retain(self, policy: Policy) -> Report:
        """Take away at once what a policy doesn't keep, as far as the engine can; return what went."""

    @property
    def retention(self) -> RetentionState:
        """How retention stands."""

    @property
    def snapshots(self) -> Snapshots:
        """The snapshots, to take, list and delete."""

    @property
    def alerts(self) -> list[Alert]:
        """What the store's owner should look at."""

    def close(self) -> None:
        """Make durable what was taken, and let go of the files."""
