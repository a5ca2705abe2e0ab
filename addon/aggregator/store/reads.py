"""What can be asked of a store, and what it answers: plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from aggregator.query.ast import Node
from aggregator.record.output import Record


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows that a read is about.

    Args:
        node: what they match.
        start_ns: earliest timestamp, inclusive, ns since the epoch.
        end_ns: latest timestamp, exclusive.
    """

    node: Node
    start_ns: int | None = None
    end_ns: int | None = None


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
        after: the page begins behind this position.
        before: the page ends before this position; not together with `after`.
    """

    node: Node
    start_ns: int | None = None
    end_ns: int | None = None
    limit: int = 100
    newest_first: bool = True
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a search found.

    Args:
        rows: the records, in order.
        next: where the next page goes on; None when there is nothing further.
        partial: whether the time budget ran out.
        previous: what the page before ends before; None on an empty page.
    """

    rows: list[Record]
    next: Position | None
    partial: bool
    previous: Position | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One line and what the same service wrote on the same host around it.

    Args:
        before: the lines before it, the oldest first.
        row: the line itself.
        after: the lines after it, the oldest first.
        partial: whether the time budget ran out.
    """

    before: list[Record]
    row: Record
    after: list[Record]
    partial: bool


@dataclass(frozen=True, slots=True)
class CountOverTime:
    """Rows to be counted by level and time.

    Args:
        selection: which rows.
        step_ns: length of each bucket; None chooses a round one.
        buckets: how many there shall be when the step is chosen; one more where the range starts within one.
        by_service: whether services are told apart.
    """

    selection: Selection
    step_ns: int | None = None
    buckets: int = 60
    by_service: bool = False


@dataclass(frozen=True, slots=True)
class Bucket:
    """Rows of one stretch of time.

    Args:
        start_ns: its start, ns since the epoch.
        service: of the rows; None also when services are not told apart.
        level: of the rows.
        rows: how many.
    """

    start_ns: int
    service: str | None
    level: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many rows there are over time.

    Args:
        step_ns: length of each bucket.
        buckets: those with rows, in the order of time.
        partial: whether the time budget ran out.
    """

    step_ns: int
    buckets: list[Bucket]
    partial: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are; partial when the time budget ran out."""

    rows: int
    partial: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one field.

    Args:
        field: its name.
        values: the most frequent values as text, with their rows.
        distinct: how many values there are.
        rows: how many rows have the field.
    """

    field: str
    values: list[tuple[str, int]]
    distinct: int
    rows: int


@dataclass(frozen=True, slots=True)
class Facets:
    """The values of some fields; partial when the time budget ran out."""

    facets: list[Facet]
    partial: bool


@dataclass(frozen=True, slots=True)
class FieldUse:
    """Where a field occurs.

    Args:
        field: its name.
        rows: how many rows have it.
        parts: how many parts of the store have such rows.
        kinds: kind of value (string, number, boolean, array, object) → rows.
    """

    field: str
    rows: int
    parts: int
    kinds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FieldUses:
    """The fields that occur, the most frequent first; partial when the time budget ran out."""

    fields: list[FieldUse]
    partial: bool


class Function(StrEnum):
    """What can be computed of numbers."""

    COUNT = "count"
    RATE = "rate"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    P50 = "p50"
    P95 = "p95"
    P99 = "p99"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """Numbers computed of one field, group by group.

    Args:
        selection: of which rows.
        functions: what to compute.
        field: the field whose numbers it is about; None counts rows.
        by: fields whose values make the groups.
        step_ns: length of the stretches of time that make groups too; None makes one of all time.
    """

    selection: Selection
    functions: Sequence[Function]
    field: str | None = None
    by: Sequence[str] = ()
    step_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What one group of rows comes to.

    Args:
        start_ns: start of its stretch of time; None without a step.
        key: values of the fields that make the groups, as text.
        values: function → result; None where there is no number.
    """

    start_ns: int | None
    key: tuple[str | None, ...]
    values: Mapping[Function, float | None]


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups, in the order of time and key.

    Args:
        groups: they.
        partial: whether the time budget ran out.
        exact: whether quantiles are exact; so many rows were looked through otherwise that they are nearly.
    """

    groups: list[Group]
    partial: bool
    exact: bool = True


class Use(StrEnum):
    """What a read does with a part of the store."""

    OPENED = "opened"
    NO_MATCH = "no_match"
    OUT_OF_TIME = "out_of_time"


class Kind(StrEnum):
    """What a part of the store is."""

    MEMORY = "memory"
    SEGMENT = "segment"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True)
class PartUse:
    """What a read does with one part of the store.

    Args:
        use: whether it opens the part, or why not: it surely holds no match, or lies outside the times.
        kind: what the part is: rows in memory, a segment, or one of the archive.
        rows: how many rows it has.
        size_bytes: its size on the disk; 0 for rows in memory.
        first_ns: earliest timestamp, ns since the epoch.
        last_ns: latest timestamp, ns since the epoch.
    """

    use: Use
    kind: Kind
    rows: int
    size_bytes: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a read would look through.

    Args:
        parts: all parts of the store, the newest first.
        decided_ms: how long the choice took.
    """

    parts: list[PartUse]
    decided_ms: float


class ExportFormat(StrEnum):
    """What an export is written as."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"
