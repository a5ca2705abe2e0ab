"""Makes segments of recent rows that get no more, in a thread of its own."""

import queue
import threading

import duckdb
import structlog

from aggregator.record import normalise
from aggregator.store import segment
from aggregator.store.files import Layout, Span
from aggregator.store.part import Catalogue
from aggregator.store.recent import RecentRows
from aggregator.store.unsealed import Unsealed

_log = structlog.get_logger(__name__)
_RETRY_S = 10.0
_WAITING = 1
"""Full sets of recent rows that may wait before `put` waits for them: memory is what they cost."""


class Sealer:
    """Puts a segment in the place of each full set of recent rows.

    Args:
        database: the in-memory database.
        layout: where the files are.
        catalogue: what readers see.
        unsealed: told what is in a segment now.
    """

    def __init__(
        self, database: duckdb.DuckDBPyConnection, layout: Layout, catalogue: Catalogue, unsealed: Unsealed
    ) -> None:
        self._database = database
        self._layout = layout
        self._catalogue = catalogue
        self._unsealed = unsealed
        self._full: queue.Queue[RecentRows | None] = queue.Queue(maxsize=_WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="seal", daemon=True)
        self._thread.start()

    def put(self, recent: RecentRows) -> None:
        """Hand over rows that get no more; waits while too many wait already."""
        self._full.put(recent)

    def give_up_retries(self) -> None:
        """From now on leave what the disk refuses in its log file, so that nobody waits for room."""
        self._stopping.set()

    def stop(self) -> None:
        """Finish what was handed over, unless the disk refuses it."""
        self.give_up_retries()
        self._full.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (recent := self._full.get()) is not None:
            while not self._seal(recent):
                if self._stopping.wait(_RETRY_S):
                    break

    def _seal(self, recent: RecentRows) -> bool:
        try:
            sealed = self._write(recent)
        except (OSError, duckdb.Error) as error:
            _log.error("segment not written; trying again", log=recent.first_seq, error=str(error))
            return False
        self._catalogue.replace([recent], sealed)
        self._unsealed.sealed(recent.first_seq, recent.last_seq)
        return True

    def _write(self, recent: RecentRows) -> segment.Segment | None:
        view = recent.view
        path = self._layout.segment_file(Span(recent.first_seq, recent.last_seq))
        columns = [name for name in view.columns if name not in normalise.MARKS]
        with self._database.cursor() as connection:
            return segment.write(connection, f"FROM {view.relation}", path, columns=columns, rows=recent.rows)
