"""Kinds of queries, each with its request, a naive loop that knows the answer, and a comparison.

A comparison returns what is wrong, or nothing, so that a wrong answer can't look fast.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from benchmarks.store import routes
from benchmarks.store.routes import Request

_LATEST = 100
_P95_TOLERANCE = 0.01
_ADDED = frozenset({"_id", "observed", "source"})

type _Range = tuple[float, float]


class Query[Answer](Protocol):
    """What can be asked, timed and checked."""

    @property
    def name(self) -> str:
        """Its number and what it is about."""

    @property
    def goal_ms(self) -> float:
        """Time that VictoriaLogs took on the reference machine."""

    @property
    def logsql(self) -> str:
        """The same in VictoriaLogs' language."""

    @property
    def aim(self) -> str:
        """What would be better still than the goal, if anything."""

    def request(self) -> Request:
        """Return what to ask."""

    def naive(self, lines: list[bytes]) -> Answer:
        """Find the answer in a loop over all lines."""

    def size(self, expected: Answer) -> int:
        """Return how much the answer holds: what can be compared with another server's."""

    def problem(self, answer: bytes, expected: Answer) -> str:
        """Return what is wrong with an answer, or nothing."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest rows that a search finds.

    Args:
        needles: what each of their lines has, as bytes.
        query: the search.
    """

    name: str
    goal_ms: float
    logsql: str
    query: str
    needles: tuple[bytes, ...]
    aim: str = ""

    def request(self) -> Request:
        """Return what to ask."""
        return routes.search(self.query, limit=_LATEST)

    def naive(self, lines: list[bytes]) -> list[bytes]:
        """Return all lines that match, oldest first."""
        found = lines
        for needle in self.needles:
            found = [line for line in found if needle in line]
        return found

    def size(self, expected: list[bytes]) -> int:
        """Return the number of rows."""
        return min(len(expected), _LATEST)

    def problem(self, answer: bytes, expected: list[bytes]) -> str:
        """Compare the rows with the latest lines, field by field."""
        rows = routes.read_rows(answer)
        if len(rows) != self.size(expected):
            return f"{len(rows)} rows, not {self.size(expected)}"
        # More than are asked for, as rows of the same microsecond come in either order.
        sent = [orjson.loads(line) for line in expected[-2 * _LATEST :]]
        times = sorted(map(_time, sent), reverse=True)[:_LATEST]
        if [_time(row) for row in rows] != times:
            return "not the latest rows, newest first"
        known = Counter(map(_content, sent))
        known.subtract(_content(row) for row in rows)
        return "" if min(known.values(), default=0) >= 0 else "a row is not as it was sent"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows have a word.

    Args:
        word: the word, which the corpus has in lower case and never inside others.
    """

    name: str
    goal_ms: float
    logsql: str
    word: str
    aim: str = ""

    def request(self) -> Request:
        """Return what to ask."""
        return routes.count(self.word)

    def naive(self, lines: list[bytes]) -> int:
        """Count the lines that have the word."""
        word = self.word.encode()
        return sum(word in line for line in lines)

    def size(self, expected: int) -> int:
        """Return the count."""
        return expected

    def problem(self, answer: bytes, expected: int) -> str:
        """Compare the counts."""
        counted = routes.read_count(answer)
        return "" if counted == expected else f"{counted} rows, not {expected}"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Rows by minute, service and level."""

    name: str
    goal_ms: float
    logsql: str
    aim: str = ""

    def request(self) -> Request:
        """Return what to ask."""
        return routes.histogram(step_s=60)

    def naive(self, lines: list[bytes]) -> Counter[tuple[str, ...]]:
        """Count all lines."""
        records = map(json.loads, lines)
        return Counter((record["timestamp"][:16], record["service"], record["level"]) for record in records)

    def size(self, expected: Counter[tuple[str, ...]]) -> int:
        """Return the sum of all counts."""
        return expected.total()

    def problem(self, answer: bytes, expected: Counter[tuple[str, ...]]) -> str:
        """Compare all counts."""
        counts = {key: count for key, count in routes.read_histogram(answer).items() if count}
        if counts == expected:
            return ""
        return (
            f"{sum(counts.values())} rows in {len(counts)} groups, not {expected.total()} in {len(expected)}"
        )


@dataclass(frozen=True, slots=True)
class Percentile:
    """The 95th percentile of `duration_ms` by service."""

    name: str
    goal_ms: float
    logsql: str
    aim: str = ""

    def request(self) -> Request:
        """Return what to ask."""
        return routes.p95("duration_ms", by="service")

    def naive(self, lines: list[bytes]) -> dict[tuple[str, ...], _Range]:
        """Rank all durations.

        Returns:
            By service the values beside the 95th percentile, as there are several definitions of one.
        """
        durations_ms = defaultdict(list)
        for record in map(json.loads, lines):
            if "duration_ms" in record:
                durations_ms[record["service"],].append(record["duration_ms"])
        return {service: _around_p95(sorted(values)) for service, values in durations_ms.items()}

    def size(self, expected: dict[tuple[str, ...], _Range]) -> int:
        """Return the number of services."""
        return len(expected)

    def problem(self, answer: bytes, expected: dict[tuple[str, ...], _Range]) -> str:
        """Compare the services and their percentiles."""
        found = routes.read_p95(answer)
        if found.keys() != expected.keys():
            return f"services {sorted(found)}, not {sorted(expected)}"
        return ", ".join(
            f"{service[0]}: {found[service]:g}, not {low:g} to {high:g}"
            for service, (low, high) in expected.items()
            if not low * (1 - _P95_TOLERANCE) <= found[service] <= high * (1 + _P95_TOLERANCE)
        )


def _around_p95(ranked: list[float]) -> _Range:
    rank = round(0.95 * (len(ranked) - 1))
    return ranked[max(0, rank - 1)], ranked[min(len(ranked) - 1, rank + 1)]


def _time(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["timestamp"])


def _content(record: dict[str, Any]) -> bytes:
    """All that the sender wrote, with the time in one form."""
    fields = {name: value for name, value in record.items() if name not in _ADDED}
    return orjson.dumps(fields | {"timestamp": _time(record)}, option=orjson.OPT_SORT_KEYS)
