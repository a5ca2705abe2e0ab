"""Counts of one part: rows by minute, service and level, so that what asks only for them never scans."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NS_PER_MINUTE: Final = 60 * 10**9

_LEVEL: Final = 3
"""Of compression: higher ones take milliseconds to begin, for some bytes."""

type Pair = tuple[str | None, str | None]
"""Service and level."""


class _Encoded(msgspec.Struct, array_like=True):
    """Counts as they are stored: the pairs, and columns of little-endian whole numbers."""

    pairs: list[tuple[str | None, str | None]]
    minute_steps: bytes
    pair_numbers: bytes
    rows: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """How many rows a part has in each minute, of each service and level.

    Args:
        pairs: the services and levels that occur together.
        minutes: of each count, in minutes since the epoch, ascending.
        pair_numbers: of each count, the index of its pair.
        rows: of each count, how many rows.
    """

    pairs: tuple[Pair, ...]
    minutes: NDArray[np.int64]
    pair_numbers: NDArray[np.int64]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, relation: str) -> Self:
        """Count the rows of a relation.

        Args:
            connection: where to run the SELECT.
            relation: SQL that names the relation; it has columns `timestamp`, `service` and `level`.

        Raises:
            duckdb.Error: the engine lacks memory or disk.
        """
        counted = connection.execute(
            f"SELECT timestamp // {NS_PER_MINUTE} AS minute, service, level, count(*) "
            f"FROM {relation} GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        numbers: dict[Pair, int] = {}
        pair_numbers = [
            numbers.setdefault((service, level), len(numbers)) for _, service, level, _ in counted
        ]
        return cls(
            tuple(numbers),
            np.array([minute for minute, _, _, _ in counted], np.int64),
            np.array(pair_numbers, np.int64),
            np.array([rows for _, _, _, rows in counted], np.int64),
        )

    def encode(self) -> bytes:
        """Write the counts compactly."""
        columns = (np.diff(self.minutes, prepend=0), self.pair_numbers, self.rows)
        steps, pair_numbers, rows = (column.astype("<i8").tobytes() for column in columns)
        encoded = msgspec.msgpack.encode(_Encoded(list(self.pairs), steps, pair_numbers, rows))
        return zstd.compress(encoded, level=_LEVEL)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read counts that `encode` wrote.

        Raises:
            ValueError: the data is damaged.
        """
        try:
            encoded = msgspec.msgpack.decode(zstd.decompress(data), type=_Encoded)
        except (zstd.ZstdError, msgspec.MsgspecError) as error:
            raise ValueError(f"no counts: {error}") from None
        steps, pair_numbers, rows = (
            np.frombuffer(column, "<i8").astype(np.int64)
            for column in (encoded.minute_steps, encoded.pair_numbers, encoded.rows)
        )
        if not len(steps) == len(pair_numbers) == len(rows):
            raise ValueError("no counts: columns of different length")
        if len(rows) and not 0 <= pair_numbers.min() <= pair_numbers.max() < len(encoded.pairs):
            raise ValueError("no counts: a pair is missing")
        return cls(tuple(encoded.pairs), np.cumsum(steps), pair_numbers, rows)

    def has_rows(self, first_minute: int, end_minute: int) -> bool:
        """Tell whether there are rows between two minutes, the last excluded."""
        first, end = np.searchsorted(self.minutes, (first_minute, end_minute))
        return bool(first < end)

    def summed(
        self,
        first_minute: int | None,
        end_minute: int | None,
        step_minutes: int | None,
        pair_groups: Sequence[int],
    ) -> Iterator[tuple[int, int, int]]:
        """Sum counts by stretches of time and by groups of pairs.

        Args:
            first_minute: where to begin; None is the beginning.
            end_minute: the minute after the last; None is the end.
            step_minutes: length of each stretch; None makes one of all time.
            pair_groups: number of the group of each pair, negative to leave it out.

        Yields:
            Start of the stretch in minutes since the epoch (0 without a step), the group, the rows.
        """
        first = 0 if first_minute is None else int(np.searchsorted(self.minutes, first_minute))
        end = len(self.rows) if end_minute is None else int(np.searchsorted(self.minutes, end_minute))
        if first >= end:
            return
        minutes = self.minutes[first:end]
        starts = np.zeros_like(minutes) if step_minutes is None else minutes // step_minutes * step_minutes
        groups = np.array(pair_groups, np.int64)[self.pair_numbers[first:end]]
        counted = groups >= 0
        width = max(pair_groups, default=0) + 1
        keys, places = np.unique(starts[counted] * width + groups[counted], return_inverse=True)
        sums = np.zeros(len(keys), np.int64)
        np.add.at(sums, places, self.rows[first:end][counted])
        for key, rows in zip(keys.tolist(), sums.tolist(), strict=True):
            yield *divmod(key, width), rows


def groups_of(pairs: Sequence[Pair], key: Callable[[Pair], Pair | None]) -> tuple[list[int], list[Pair]]:
    """Number the groups that pairs fall into.

    Args:
        pairs: services and levels.
        key: the group of a pair; None leaves it out.

    Returns:
        Number of each pair's group, -1 for none; the groups by number.
    """
    numbers: dict[Pair, int] = {}
    each = []
    for pair in pairs:
        group = key(pair)
        each.append(-1 if group is None else numbers.setdefault(group, len(numbers)))
    return each, list(numbers)
