"""Makes durable frames searchable, in the order in which they were committed."""

import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import duckdb
import structlog

from aggregator import limits
from aggregator.store.bulk import BULK_ROWS, Bulk
from aggregator.store.bulk import write as write_bulk
from aggregator.store.files import Layout
from aggregator.store.frame import Frame
from aggregator.store.loaded import Loaded
from aggregator.store.part import Catalogue
from aggregator.store.recent import RecentRows

_log = structlog.get_logger(__name__)
_RETRY_S = 10.0
_AT_ONCE = 2
"""Segments that are written together: a small box has few cores, and each costs memory."""

_LOAD_BYTES = 10 * limits.MIB
"""Bytes from which on a load is large enough to be cheap per line."""


@dataclass(frozen=True, slots=True)
class _Committed:
    first_seq: int
    frame: Frame
    done: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Load:
    recent: RecentRows
    committed: list[_Committed]
    bulk: Future[Bulk | None] | None = None

    def frames(self) -> list[Frame]:
        return [item.frame for item in self.committed]


class Loader:
    """Loads frames into recent rows, or straight to segments when they are many.

    One thread decides the order, two write segments.

    Args:
        database: the in-memory database.
        layout: where the files are.
        catalogue: what readers see.
        on_loaded: told what each load brought, after it can be found.
        on_full: given the recent rows that get no more.
    """

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        layout: Layout,
        catalogue: Catalogue,
        *,
        on_loaded: Callable[[Loaded], None],
        on_full: Callable[[RecentRows], None],
    ) -> None:
        self._database = database
        self._layout = layout
        self._catalogue = catalogue
        self._on_loaded = on_loaded
        self._on_full = on_full
        self._current: RecentRows | None = None
        self._frames: queue.Queue[_Committed | None] = queue.Queue()
        self._following: _Committed | None = None
        self._loads: deque[_Load] = deque()
        self._ended = False
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "load")
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    def put(self, first_seq: int, frame: Frame, done: Callable[[], None]) -> None:
        """Hand over a durable frame.

        Args:
            first_seq: number of the log file that the frame is in.
            frame: the frame.
            done: called when it is loaded.
        """
        self._frames.put(_Committed(first_seq, frame, done))

    def wait(self) -> None:
        """Wait until everything that was handed over is loaded."""
        self._frames.join()

    def close_current(self) -> None:
        """Take the present recent rows as full; only while nothing is handed over."""
        if self._current is not None:
            self._on_full(self._current)
            self._current = None

    def stop(self) -> None:
        """Load what was handed over, unless the engine refuses it: it stays in its log file in any case."""
        self._frames.put(None)
        self._stopping.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        while self._loads or not self._ended:
            nothing_new = self._following is None and self._frames.empty()
            if self._loads and (self._ended or nothing_new or len(self._loads) == _AT_ONCE):
                self._finish_oldest()
            elif committed := self._take():
                self._begin(committed)

    def _take(self) -> list[_Committed]:
        """Wait for a frame, and take along what waits behind it in the same log file."""
        item = self._following or self._frames.get()
        self._following = None
        taken: list[_Committed] = []
        size_bytes = 0
        while item is not None:
            if taken and item.first_seq != taken[0].first_seq:
                self._following = item
                return taken
            taken.append(item)
            size_bytes += len(item.frame.lines)
            if size_bytes >= _LOAD_BYTES or self._frames.empty():
                return taken
            item = self._frames.get()
        self._ended = True
        return taken

    def _begin(self, committed: list[_Committed]) -> None:
        load = _Load(self._recent_for(committed[0].first_seq), committed)
        if sum(frame.rows for frame in load.frames()) >= BULK_ROWS:
            bulk = self._pool.submit(write_bulk, self._database, self._layout, load.frames())
            load = replace(load, bulk=bulk)
        else:
            self._finish_all()
        self._loads.append(load)

    def _finish_all(self) -> None:
        while self._loads:
            self._finish_oldest()

    def _finish_oldest(self) -> None:
        load = self._loads.popleft()
        loaded = self._finish_bulk(load)
        while loaded is None:
            try:
                loaded = load.recent.load(load.frames())
            except duckdb.Error as error:
                self._report(load, error)
                if self._stopping.wait(_RETRY_S):
                    return
        for item in load.committed:
            item.done()
            self._frames.task_done()
        self._on_loaded(loaded)

    def _finish_bulk(self, load: _Load) -> Loaded | None:
        """Show the segment that a load became; None when there is none."""
        if load.bulk is None:
            return None
        try:
            bulk = load.bulk.result()
        except (OSError, duckdb.Error) as error:
            self._report(load, error)
            return None
        if bulk is None:
            return None
        self._catalogue.add(bulk.segment)
        return bulk.loaded

    @staticmethod
    def _report(load: _Load, error: Exception) -> None:
        first_seq = load.committed[0].frame.first_seq
        _log.error("lines not loaded; trying again", first_seq=first_seq, error=str(error))

    def _recent_for(self, first_seq: int) -> RecentRows:
        current = self._current
        if current is not None and current.first_seq == first_seq:
            return current
        if current is not None:
            self._finish_all()
            self._forget_old_uids()
            self._on_full(current)
        self._current = RecentRows(self._database, first_seq)
        self._catalogue.add(self._current)
        return self._current

    def _forget_old_uids(self) -> None:
        with self._database.cursor() as connection:
            connection.execute(
                "DELETE FROM recent_uids WHERE seq < (SELECT max(seq) FROM recent_uids) - ?",
                [limits.DUPLICATE_WINDOW_ROWS],
            )
