"""What the store's threads share."""

import threading
from dataclasses import dataclass, field

import duckdb

from aggregator.store.files import Layout, size_bytes
from aggregator.store.log.unsealed import Unsealed
from aggregator.store.part import Catalogue
from aggregator.store.segments.segment import Segment


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the store's threads share.

    Args:
        database: the in-memory database; each thread takes cursors of its own.
        layout: where the files are.
        catalogue: what readers see.
        unsealed: which lines are in the log only.
        changing: held by whoever puts segments in the place of others, or takes them away.
    """

    database: duckdb.DuckDBPyConnection
    layout: Layout
    catalogue: Catalogue
    unsealed: Unsealed
    changing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def settled_before(self) -> int:
        """Number of the first line that a log file may still have, so that a start would load it again."""
        first_seqs = [int(path.stem) for path in self.layout.log_files()[:1]]
        return min(self.unsealed.needed_from, *first_seqs) if first_seqs else self.unsealed.needed_from

    @property
    def size_bytes(self) -> int:
        """Size of segments and log files on the disk."""
        with self.catalogue.lease() as parts:
            segments_bytes = sum(part.size_bytes for part in parts if isinstance(part, Segment))
        return segments_bytes + sum(map(size_bytes, self.layout.log_files()))
