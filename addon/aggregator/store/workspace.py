"""What the store's threads share."""

import threading
from dataclasses import dataclass, field

import duckdb

from aggregator.store.files import Layout
from aggregator.store.part import Catalogue
from aggregator.store.unsealed import Unsealed


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
