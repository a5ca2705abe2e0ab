"""From durable frames to searchable rows to segments, in two threads of their own."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import structlog

from aggregator import limits
from aggregator.store import segment
from aggregator.store.files import Layout
from aggregator.store.frame import Frame
from aggregator.store.part import Catalogue, Part
from aggregator.store.recent import Loaded, RecentRows

_log = structlog.get_logger(__name__)
_RETRY_S = 10.0
_LOAD_BYTES = 4 * limits.MIB
"""Bytes from which on a load is large enough to be cheap per line."""

_UNSEALED = 2
"""Full sets of recent rows that may wait to become segments before loading waits for them."""


@dataclass(frozen=True, slots=True)
class _Committed:
    first_seq: int
    frame: Frame
    done: Callable[[], None]


class Ingest:
    """Loads frames in the order in which they were committed, and seals full sets of recent rows.

    Args:
        database: the in-memory database.
        layout: where the files are.
        catalogue: what readers see.
        on_loaded: told what each frame brought, after it can be found.
    """

    def __init__(
        self,
        database: duckdb.DuckDBPyConnection,
        layout: Layout,
        catalogue: Catalogue,
        *,
        on_loaded: Callable[[Loaded], None],
    ) -> None:
        self._database = database
        self._layout = layout
        self._catalogue = catalogue
        self._on_loaded = on_loaded
        self._current: RecentRows | None = None
        self._frames: queue.Queue[_Committed | None] = queue.Queue()
        self._full: queue.Queue[RecentRows | None] = queue.Queue(maxsize=_UNSEALED)
        self._stopping = threading.Event()
        self._loader = threading.Thread(target=self._load_all, name="load", daemon=True)
        self._sealer = threading.Thread(target=self._seal_all, name="seal", daemon=True)

    def start(self) -> None:
        """Begin to load what `put` gave and gives."""
        self._loader.start()
        self._sealer.start()

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

    def stop(self) -> None:
        """Load what was handed over; rows that are no segment yet stay in their log file."""
        self._frames.put(None)
        self._stopping.set()
        self._loader.join()
        self._full.put(None)
        self._sealer.join()

    def _load_all(self) -> None:
        following: _Committed | None = None
        while (first := following or self._frames.get()) is not None:
            committed, following, ended = self._take_with(first)
            recent = self._recent_for(first.first_seq)
            while (loaded := self._load(recent, committed)) is None:
                if self._stopping.wait(_RETRY_S):
                    return
            for item in committed:
                item.done()
                self._frames.task_done()
            self._on_loaded(loaded)
            if ended:
                return

    def _take_with(self, first: _Committed) -> tuple[list[_Committed], _Committed | None, bool]:
        """Take along what waits behind a frame in the same log file: one large load is cheaper than many.

        Returns:
            The frames to load together, the one that was taken but has to wait, and whether the end came.
        """
        taken = [first]
        size_bytes = len(first.frame.lines)
        while size_bytes < _LOAD_BYTES:
            try:
                item = self._frames.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return taken, None, True
            if item.first_seq != first.first_seq:
                return taken, item, False
            taken.append(item)
            size_bytes += len(item.frame.lines)
        return taken, None, False

    def _load(self, recent: RecentRows, committed: list[_Committed]) -> Loaded | None:
        try:
            return recent.load([item.frame for item in committed])
        except duckdb.Error as error:
            _log.error("lines not loaded; trying again", first_seq=recent.first_seq, error=str(error))
            return None

    def _recent_for(self, first_seq: int) -> RecentRows:
        current = self._current
        if current is not None and current.first_seq == first_seq:
            return current
        if current is not None:
            self._forget_old_uids()
            self._full.put(current)
        self._current = RecentRows(self._database, first_seq)
        self._catalogue.add(self._current)
        return self._current

    def _forget_old_uids(self) -> None:
        with self._database.cursor() as connection:
            connection.execute(
                "DELETE FROM recent_uids WHERE seq < (SELECT max(seq) FROM recent_uids) - ?",
                [limits.DUPLICATE_WINDOW_ROWS],
            )

    def _seal_all(self) -> None:
        while (recent := self._full.get()) is not None:
            while not self._seal(recent):
                if self._stopping.wait(_RETRY_S):
                    return

    def _seal(self, recent: RecentRows) -> bool:
        path = self._layout.segment_file(recent.first_seq)
        sealed: Part | None = None
        try:
            if recent.rows:
                segment.write(self._database, recent, path)
                (sealed,) = segment.read(self._database, [path])
        except (OSError, duckdb.Error) as error:
            _log.error("segment not written; trying again", path=str(path), error=str(error))
            return False
        self._catalogue.replace(recent, sealed)
        self._layout.log_file(recent.first_seq).unlink(missing_ok=True)
        return True
