"""Makes segments of recent rows that get no more, in a thread of its own."""

import queue
import threading

import structlog

from aggregator.memory import give_back
from aggregator.record import normalise
from aggregator.store.files import Span
from aggregator.store.load.recent import RecentRows
from aggregator.store.segments import segment
from aggregator.store.segments.index import TEXT_BYTES
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_RETRY_S = 10.0
_WAITING = 1
"""Full sets of recent rows that may wait before `put` waits for them: memory is what they cost."""


class Sealer:
    """Puts a segment in the place of each full set of recent rows.

    Args:
        workspace: of the store.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
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
        except Exception as error:  # noqa: BLE001 # the rows stay in memory until whatever it is passes
            _log.error("segment not written; trying again", log=recent.first_seq, error=str(error))
            return False
        self._workspace.catalogue.replace([recent], sealed)
        self._workspace.unsealed.sealed(recent.first_seq, recent.last_seq)
        give_back()
        return True

    def _write(self, recent: RecentRows) -> segment.Segment | None:
        view = recent.view
        path = self._workspace.layout.segment_file(Span(recent.first_seq, recent.last_seq))
        columns = [name for name in view.columns if name not in normalise.MARKS]
        with self._workspace.database.cursor() as connection:
            measured = connection.execute(f"SELECT {TEXT_BYTES} FROM {view.relation}").fetchone()
            row_text_bytes = measured[0] // max(recent.rows, 1) if measured else 0
            contents = segment.Contents(f"FROM {view.relation}", columns, recent.rows, row_text_bytes)
            return segment.write(connection, contents, path)
