"""Makes durable frames searchable, in the order in which they were committed."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum

import duckdb
import structlog

from aggregator import limits
from aggregator.priority import stand_back
from aggregator.store.load import uids
from aggregator.store.load.bulk import BULK_ROWS, Bulk
from aggregator.store.load.bulk import write as write_bulk
from aggregator.store.load.loaded import Loaded
from aggregator.store.load.recent import RecentRows
from aggregator.store.log.frame import Batch, Frame, StoredFrame
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace

_log = structlog.get_logger(__name__)
_RETRY_S = 10.0
_AT_ONCE = 2
"""Segments that are written together: a small box has few cores, and each costs memory."""

_LONGEST_REST_S = 0.5
"""What waits for the next small load waits no longer than this."""

_NICENESS = 5
"""How much the threads that write segments stand back behind those that acknowledge lines and search."""

_FRAMES_AT_ONCE = 256
"""Frames of one load: each adds branches to its SQL, which costs planning time and time per line."""

_LONG_BYTES = 4 * limits.MIB
"""Bytes of gathered frames that are worth a segment however few the lines are: in memory they take much."""


@dataclass(frozen=True, slots=True)
class _Committed:
    log_file: str
    frame: Batch
    done: Callable[[], None]


class _Signal(Enum):
    """What the thread is told besides frames."""

    WRITTEN = "a segment is written, or failed"
    CLOSE = "the present rows get no more"
    END = "no more frames come"


@dataclass(frozen=True, slots=True)
class _Load:
    committed: list[_Committed]
    bulk: Future[Bulk | None]


class Loader:
    """Loads frames into recent rows, or straight to segments when they are many.

    One thread keeps the order; two write segments. While they write, frames gather for the next one, those
    beyond the first few in their log file only.

    Args:
        workspace: of the store.
        on_loaded: told what each load brought, after it can be found.
        on_full: given the recent rows that get no more.
        on_idle: told when no lines came for a while and segments have or get all of them.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        on_loaded: Callable[[Loaded], None],
        on_full: Callable[[RecentRows], None],
        on_idle: Callable[[], None],
    ) -> None:
        self._workspace = workspace
        self._on_loaded = on_loaded
        self._on_full = on_full
        self._on_idle = on_idle
        self._is_idle = True
        self._current: RecentRows | None = None
        self._current_log = ""
        self._told: queue.Queue[_Committed | _Signal] = queue.Queue()
        self._waiting = threading.Condition()
        self._waiting_frames = 0
        self._held_bytes = 0
        self._gathered: deque[_Committed] = deque()
        self._gathered_rows = 0
        self._gathered_bytes = 0
        self._writing: deque[_Load] = deque()
        self._next_load_s = 0.0
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "segment", initializer=stand_back, initargs=(_NICENESS,))
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._thread.start()

    def put(self, stored: StoredFrame, frame: Frame | None, done: Callable[[], None]) -> None:
        """Hand over a durable frame.

        Args:
            stored: where it is stored.
            frame: the frame, if it is in memory.
            done: called when it is loaded.
        """
        self._workspace.unsealed.add(stored.first_seq, stored.last_seq)
        with self._waiting:
            self._waiting_frames += 1
            held: Batch = stored
            if frame is not None and self._held_bytes + frame.raw_bytes <= limits.HELD_BYTES:
                self._held_bytes += frame.raw_bytes
                held = frame
        self._told.put(_Committed(stored.path.name, held, done))

    def wait(self, timeout_s: float) -> bool:
        """Wait until everything that was handed over is loaded; tell whether it is."""
        with self._waiting:
            return self._waiting.wait_for(lambda: not self._waiting_frames, timeout_s)

    def close_current(self) -> None:
        """Take the present recent rows as full soon; what is handed over from now on comes behind them."""
        self._told.put(_Signal.CLOSE)

    def stop(self) -> None:
        """Load what was handed over, unless the engine refuses it: it stays in its log file in any case."""
        self._told.put(_Signal.END)
        self._stopping.set()
        self._thread.join()
        self._pool.shutdown()

    def _run(self) -> None:
        ended = False
        while not ended or self._gathered or self._writing:
            told = self._next(ended=ended)
            if isinstance(told, _Committed):
                self._is_idle = False
                self._gathered.append(told)
                self._gathered_rows += told.frame.rows
                self._gathered_bytes += told.frame.raw_bytes
            if told is _Signal.CLOSE:
                self._close_current()
            ended = ended or told is _Signal.END
            waiting = not self._told.empty() or (not ended and self._pause_s() > 0)
            if told is _Signal.WRITTEN or not waiting or self._are_enough():
                self._go_on()

    def _next(self, *, ended: bool) -> _Committed | _Signal | None:
        """Wait for what is told; None when the pause before the next small load is over, or nothing came."""
        may_load = self._gathered and not self._writing and not ended
        try:
            return self._told.get(timeout=self._pause_s() if may_load else self._patience_s())
        except queue.Empty:
            if not may_load:
                self._is_idle = True
                self._close_current()
                self._on_idle()
            return None

    def _close_current(self) -> None:
        """Take the present recent rows as full; waits while the disk refuses those before them."""
        current, self._current = self._current, None
        if current is not None:
            self._on_full(current)

    def _patience_s(self) -> float | None:
        """How long rows in memory wait for company before they become a segment; few of them always do."""
        has_few = self._current is not None and self._current.rows < limits.SEAL_IDLE_ROWS
        return None if self._is_idle or has_few or self._writing else limits.SEAL_IDLE_S

    def _pause_s(self) -> float:
        return max(self._next_load_s - time.monotonic(), 0.0)

    def _go_on(self) -> None:
        while self._writing and self._writing[0].bulk.done():
            self._finish_written(self._writing.popleft())
        while self._gathered and len(self._writing) < _AT_ONCE:
            if self._writing and not self._are_enough():
                return
            self._begin(self._take())

    def _are_enough(self) -> bool:
        """Tell whether gathered frames make a whole segment, one that need not be compacted."""
        return self._gathered_rows >= limits.SEAL_ROWS or self._gathered_bytes >= limits.SEAL_BYTES

    def _take(self) -> list[_Committed]:
        """Take gathered frames that follow each other, as many as one segment is good for."""
        taken: list[_Committed] = []
        rows = size_bytes = 0
        while self._gathered and len(taken) < _FRAMES_AT_ONCE:
            following = self._gathered[0].frame
            if taken and (
                following.first_seq != taken[-1].frame.last_seq + 1
                or rows + following.rows > limits.SEAL_ROWS
                or size_bytes + following.raw_bytes > limits.SEAL_BYTES
            ):
                break
            taken.append(self._gathered.popleft())
            rows += following.rows
            size_bytes += following.raw_bytes
        self._gathered_rows -= rows
        self._gathered_bytes -= size_bytes
        return taken

    def _begin(self, committed: list[_Committed]) -> None:
        frames = [item.frame for item in committed]
        raw_bytes = sum(frame.raw_bytes for frame in frames)
        if sum(frame.rows for frame in frames) < BULK_ROWS and raw_bytes < _LONG_BYTES:
            while self._writing:
                self._finish_written(self._writing.popleft())
            self._load(committed)
            return
        bulk = self._pool.submit(write_bulk, self._workspace, frames)
        self._writing.append(_Load(committed, bulk))
        bulk.add_done_callback(lambda _: self._told.put(_Signal.WRITTEN))

    def _finish_written(self, load: _Load) -> None:
        """Show the segment that a load became; without one the rows go into memory."""
        try:
            bulk = load.bulk.result()
            published = None if bulk is None else self._publish(bulk)
        except Exception as error:  # noqa: BLE001 # the lines are loaded another way
            _report(load.committed, error)
            bulk = published = None
        if bulk is None or published is None:
            self._load(load.committed)
            return
        # Each stretch of lines is one part, so those in memory end before it.
        self._close_current()
        self._workspace.catalogue.add(published)
        self._workspace.unsealed.sealed(published.first_seq, published.last_seq)
        if bulk.has_uids:
            self._remember_uids(published)
        self._tell(load.committed, Loaded.of_segment(published, [item.frame for item in load.committed]))

    def _publish(self, bulk: Bulk) -> Segment | None:
        """Make the segment of a bulk load; None when lines of it came before, which memory leaves out."""
        if bulk.has_uids:
            with self._workspace.database.cursor() as connection:
                if uids.any_came_before(connection, bulk.draft.relation):
                    bulk.draft.discard()
                    return None
        return bulk.draft.publish()

    def _remember_uids(self, published: Segment) -> None:
        try:
            with self._workspace.database.cursor() as connection:
                uids.remember(connection, published.view.relation)
                uids.forget_old(connection)
        except (duckdb.Error, MemoryError) as error:
            _log.error("uids not remembered", segment=published.path.name, error=str(error))

    def _load(self, committed: list[_Committed]) -> None:
        waiting = deque([committed])
        while waiting:
            part = waiting.popleft()
            # Rows in memory end with their log file, or behind it, so that they become a segment of its size.
            if part[0].log_file != self._current_log:
                self._forget_old_uids()
                self._close_current()
            self._current_log = part[-1].log_file
            started_s = time.monotonic()
            try:
                loaded = self._load_part([item.frame for item in part])
            except Exception as error:  # noqa: BLE001 # acknowledged lines wait for whatever it is to pass
                _report(part, error)
                waiting.extendleft(_smaller(part))
                if len(part) == 1 and self._stopping.wait(_RETRY_S):
                    return
                continue
            ended_s = time.monotonic()
            rest_s = max(limits.LOAD_INTERVAL_S, limits.LOAD_REST * (ended_s - started_s))
            self._next_load_s = ended_s + min(rest_s, _LONGEST_REST_S)
            self._tell(part, loaded)
            if part[-1].log_file != part[0].log_file:
                self._close_current()

    def _load_part(self, frames: list[Batch]) -> Loaded:
        if self._current is not None and self._current.last_seq + 1 != frames[0].first_seq:
            # What lies between is a segment already; each part is one stretch of lines.
            self._close_current()
        if self._current is None:
            self._current = RecentRows(self._workspace.database, frames[0].first_seq)
            self._workspace.catalogue.add(self._current)
        try:
            return self._current.load(frames)
        except (duckdb.OutOfMemoryException, MemoryError):
            # As a segment the present rows take no memory.
            if self._current.last_seq >= self._current.first_seq:
                self._close_current()
            raise

    def _tell(self, committed: list[_Committed], loaded: Loaded) -> None:
        for item in committed:
            item.done()
        self._on_loaded(loaded)
        self._workspace.unsealed.prune()
        with self._waiting:
            self._held_bytes -= sum(
                item.frame.raw_bytes for item in committed if isinstance(item.frame, Frame)
            )
            self._waiting_frames -= len(committed)
            self._waiting.notify_all()

    def _forget_old_uids(self) -> None:
        try:
            with self._workspace.database.cursor() as connection:
                uids.forget_old(connection)
        except (duckdb.Error, MemoryError) as error:
            _log.warning("old uids not forgotten; trying again later", error=str(error))


def _smaller(committed: list[_Committed]) -> list[list[_Committed]]:
    """Halves, the later one first, as less at once takes less memory; a single frame stays."""
    middle = len(committed) // 2
    return [half for half in (committed[middle:], committed[:middle]) if half]


def _report(committed: list[_Committed], error: Exception) -> None:
    first_seq = committed[0].frame.first_seq
    _log.error("lines not loaded; trying again", first_seq=first_seq, error=str(error))
