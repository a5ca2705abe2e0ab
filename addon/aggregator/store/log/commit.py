"""Group commit: lines are acknowledged when they are synced to the disk, many senders to one sync."""

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import structlog

from aggregator import limits
from aggregator.errors import AggregatorError, DiskFullError, OverloadedError, StoreFailedError
from aggregator.store.files import Layout, sync_folder
from aggregator.store.log.frame import Frame, StoredFrame, encode

_log = structlog.get_logger(__name__)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors that mean that there is no room."""

_PACED_FROM = 0.5
"""Share of the lines that may wait to become searchable from which on new ones are held back."""

_PACE_S = 0.2
"""How long new ones are held back, times what lies beyond that share: up to 0.1 s."""


@dataclass(frozen=True, slots=True)
class _Pending:
    lines: bytes
    rows: int
    source: str
    done: Future[None]


class CommitLog:
    """Appends lines to the write-ahead log in a thread of its own.

    Args:
        layout: where the log's files are.
        next_seq: number for the next line.
        current: the log file to go on with, and the rows and raw bytes that it holds.
        on_commit: told of each frame once it is durable, in order, and of where it is stored.
        on_sync: told how many seconds each write and sync took.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        next_seq: int,
        current: tuple[Path, int, int] | None,
        on_commit: Callable[[Frame, StoredFrame], None],
        on_sync: Callable[[float], None],
    ) -> None:
        self._layout = layout
        self._next_seq = next_seq
        self._on_commit = on_commit
        self._on_sync = on_sync
        self._pending: deque[_Pending] = deque()
        self._pending_bytes = 0
        self._unloaded_bytes = 0
        self._wakeup = threading.Condition()
        self._stopping = False
        self._ending_file = False
        self._failure: StoreFailedError | None = None
        self._disk_full: DiskFullError | None = None
        self._open(*(current or (layout.log_file(next_seq), 0, 0)))
        self._thread = threading.Thread(target=self._run, name="commit", daemon=True)
        self._thread.start()

    @property
    def failure(self) -> AggregatorError | None:
        """Why lines can't be stored, if so; a full disk holds until lines could be stored again."""
        return self._failure or self._disk_full

    def append(self, lines: bytes, rows: int, source: str) -> Future[None]:
        """Take lines; the future is done when they are durable.

        Args:
            lines: NDJSON, each line a JSON object and ended by a newline.
            rows: how many lines.
            source: how they came.

        Raises:
            OverloadedError: too much is waiting already.
            StoreFailedError: the disk failed before.
        """
        done: Future[None] = Future()
        with self._wakeup:
            if self._stopping:
                raise OverloadedError("the aggregator is stopping")
            if self._failure is not None:
                raise self._failure
            if self._pending_bytes and self._pending_bytes + len(lines) > limits.PENDING_BYTES:
                raise OverloadedError(
                    "more lines are waiting to be stored than may", limit_bytes=limits.PENDING_BYTES
                )
            self._pending.append(_Pending(lines, rows, source, done))
            self._pending_bytes += len(lines)
            self._wakeup.notify()
        return done

    def release(self, size_bytes: int) -> None:
        """Tell that committed lines became searchable, so that as many bytes may be committed again."""
        with self._wakeup:
            self._unloaded_bytes -= size_bytes
            self._wakeup.notify()

    def end_file(self) -> None:
        """Begin a new log file soon, if the present one has many rows: segments have them all."""
        with self._wakeup:
            self._ending_file = self._failure is None and self._rows >= limits.SEAL_IDLE_ROWS
            self._wakeup.notify()

    def stop(self) -> None:
        """Commit what was taken and close the file."""
        with self._wakeup:
            self._stopping = True
            self._wakeup.notify()
        self._thread.join()
        os.close(self._descriptor)

    def _open(self, path: Path, rows: int, raw_bytes: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            sync_folder(path.parent)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        self._path = path
        self._offset = os.lseek(descriptor, 0, os.SEEK_END)
        self._rows = rows
        self._raw_bytes = raw_bytes
        self._opened = time.monotonic()

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            if batch:
                self._commit(batch)
            elif self._ending_file:
                self._begin_file()

    def _next_batch(self) -> list[_Pending] | None:
        """Wait for lines, and for those committed before to be searchable; None at the end."""
        with self._wakeup:
            while not self._stopping and (not self._pending or self._unloaded_bytes > limits.UNLOADED_BYTES):
                if self._ending_file:
                    return []
                self._wakeup.wait()
            if not self._pending:
                return None
            self._wakeup.wait_for(lambda: self._stopping, self._pause_s())
            taken = list(self._pending)
            self._pending.clear()
            self._pending_bytes = 0
        # A future that is running can't be cancelled, so that it always takes its result.
        return [pending for pending in taken if pending.done.set_running_or_notify_cancel()]

    def _pause_s(self) -> float:
        """How long to hold lines back, so that senders slow down bit by bit instead of being stopped."""
        return max(self._unloaded_bytes / limits.UNLOADED_BYTES - _PACED_FROM, 0.0) * _PACE_S

    def _begin_file(self) -> None:
        try:
            self._open_next()
        except OSError as error:
            _log.warning("new log file not begun", error=str(error))
        self._ending_file = False

    def _open_next(self) -> None:
        full = self._descriptor
        self._open(self._layout.log_file(self._next_seq), 0, 0)
        os.close(full)

    def _commit(self, batch: list[_Pending]) -> None:
        try:
            if self._is_file_full():
                self._open_next()
            frames = self._frames(batch)
            encoded = list(map(encode, frames))
            self._write(b"".join(encoded))
        except OSError as error:
            self._refuse(batch, error)
            return
        except MemoryError:
            refusal = OverloadedError("memory is short: nothing was stored")
            for pending in batch:
                pending.done.set_exception(refusal)
            return
        self._disk_full = None
        self._next_seq = frames[-1].last_seq + 1
        self._rows += sum(frame.rows for frame in frames)
        self._raw_bytes += sum(len(frame.lines) for frame in frames)
        with self._wakeup:
            self._unloaded_bytes += sum(len(frame.lines) for frame in frames)
        for pending in batch:
            pending.done.set_result(None)
        offset = self._offset - sum(map(len, encoded))
        for frame, data in zip(frames, encoded, strict=True):
            self._on_commit(frame, StoredFrame.of(frame, self._path, offset, len(data)))
            offset += len(data)

    def _is_file_full(self) -> bool:
        aged = time.monotonic() - self._opened >= limits.SEAL_AGE_S
        return self._rows > 0 and (
            self._rows >= limits.SEAL_ROWS or self._raw_bytes >= limits.SEAL_BYTES or aged
        )

    def _frames(self, batch: list[_Pending]) -> list[Frame]:
        observed_ns = time.time_ns()
        by_source: dict[str, list[_Pending]] = {}
        for pending in batch:
            by_source.setdefault(pending.source, []).append(pending)
        frames = []
        first_seq = self._next_seq
        for source, members in by_source.items():
            rows = sum(pending.rows for pending in members)
            lines = b"".join(pending.lines for pending in members)
            frames.append(Frame(first_seq, rows, observed_ns, source, lines))
            first_seq += rows
        return frames

    def _write(self, data: bytes) -> None:
        started = time.perf_counter()
        view = memoryview(data)
        written = 0
        while written < len(data):
            written += os.pwrite(self._descriptor, view[written:], self._offset + written)
        os.fdatasync(self._descriptor)
        self._on_sync(time.perf_counter() - started)
        self._offset += len(data)

    def _refuse(self, batch: list[_Pending], error: OSError) -> None:
        refusal: AggregatorError
        if error.errno in FULL:
            refusal = self._disk_full = DiskFullError("the disk is full: nothing was stored")
            try:
                os.ftruncate(self._descriptor, self._offset)
            except OSError as truncate_error:
                refusal = self._fail(truncate_error)
        else:
            refusal = self._fail(error)
        _log.error("log write failed", error=str(error), lines=sum(pending.rows for pending in batch))
        for pending in batch:
            pending.done.set_exception(refusal)

    def _fail(self, error: OSError) -> StoreFailedError:
        """Take nothing more: after a failed sync the kernel may have dropped what it could not write."""
        failure = StoreFailedError(f"the disk failed: {error.strerror}")
        self._failure = failure
        return failure
