"""Lines that are sent, and kept on the disk, together."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

import orjson

from ha_ingestor_logging.levels import INFO, LEVEL_NAMES
from ha_ingestor_logging.output import Line

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Lines are so alike that higher levels take longer for nothing, and sometimes make more of them.
_ZSTD_LEVEL: Final = 1
_LEVEL_BY_NAME: Final = {name: level for level, name in LEVEL_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines in the form in which they are sent; only a batch that is refused is taken apart again.

    Args:
        body: JSON lines, a newline after each, compressed with zstd.
        records_by_level: how many lines of each level are in it.
    """

    body: bytes
    records_by_level: Mapping[int, int]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Batch":
        """Compress lines into a batch."""
        body = zstd.compress(b"".join(map(itemgetter(1), lines)), _ZSTD_LEVEL)
        return cls(body, Counter(map(itemgetter(0), lines)))

    @property
    def records(self) -> int:
        """How many lines are in it."""
        return sum(self.records_by_level.values())

    def text(self) -> bytes:
        """The JSON lines again, a newline after each."""
        return zstd.decompress(self.body)

    def lines(self) -> list[Line]:
        """The lines again, each with its level."""
        return [(_level(line), line) for line in self.text().splitlines(keepends=True)]

    def halves(self) -> tuple["Batch", "Batch"]:
        """Two batches of half the lines each."""
        lines = self.lines()
        middle = len(lines) // 2
        return Batch.of(lines[:middle]), Batch.of(lines[middle:])


def _level(line: bytes) -> int:
    return _LEVEL_BY_NAME.get(orjson.loads(line).get("level"), INFO)
