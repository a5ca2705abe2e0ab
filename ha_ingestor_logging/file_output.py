"""Lines in a file that is rotated, which several processes may share.

Whoever writes holds a lock of the file for as long, looks whether the file is still the one at its path,
and begins a new one when it is full; so no line is torn, mixed with another or written to a file that is
being compressed, and a file that somebody else has moved away is left at once.
"""

import os
import stat
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Final

from ha_ingestor_logging.file_lock import FileLock
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import ERROR, INFO
from ha_ingestor_logging.output import DropCounts, Line, Report
from ha_ingestor_logging.rotated_files import Retention, RotatedFiles
from ha_ingestor_logging.settings import Settings
from ha_ingestor_logging.worker import Worker

# Other processes hold the lock for a write of some hundred microseconds; one that was stopped, for ever.
_LOCK_TIMEOUT_S: Final = 5.0
_STOP_TIMEOUT_S: Final = 1.0
# Files grow too old without anybody writing.
_TIDY_INTERVAL_S: Final = 3600.0
# When another process is at it.
_TIDY_AGAIN_S: Final = 1.0


class FileOutput:
    """Appends lines to a file and rotates it.

    Args:
        settings: the file's path, its bounds and what is kept of the old ones.
        report: logs that the file can't be written, and that it can again.
    """

    def __init__(self, settings: Settings, report: Report) -> None:
        # A link is followed, so that its target is rotated and not the link.
        self._path = Path(os.path.realpath(settings.file or ""))
        self._size_max_bytes = settings.file_size_bytes
        self._interval_s = settings.file_interval_s
        self._report = report
        retention = Retention(
            settings.file_count_max, settings.file_age_max_s, settings.file_total_size_bytes
        )
        self._rotated = RotatedFiles(self._path, settings.file_compression, retention)
        self._lock = FileLock(self._path.with_name(f".{self._path.name}.lock"))
        self._descriptor: int | None = None
        self._dropped: Counter[tuple[str, int]] = Counter()
        self._worker = Worker("ha-ingestor-log-files", self._cycle)
        self._untidy = threading.Event()
        self._untidy.set()
        self._next_tidy_s = _TIDY_INTERVAL_S
        self.failure: str | None = None

    def start(self) -> None:
        """Start the thread that compresses and deletes old files."""
        self._worker.ensure_running()

    def write(self, lines: list[Line]) -> None:
        """Append lines; what can't be written is dropped and counted."""
        written = 0
        try:
            self._acquire()
            try:
                while written < len(lines):
                    written += self._append_some(lines[written:])
            finally:
                self._lock.release()
        except OSError as error:
            self._dropped.update(("file_failed", level) for level, _ in lines[written:])
            self._after_failure(error)
        else:
            self._after_success()

    def flush(self, marker: FlushMarker) -> None:
        """Let the disk have all that is written."""
        try:
            if self._descriptor is not None:
                os.fsync(self._descriptor)
        except OSError as error:
            self._after_failure(error)
        marker.passed(complete=self.failure is None)

    def close(self) -> None:
        """End the thread; what it was compressing is compressed after the next start."""
        self._worker.stopping = True
        self._untidy.set()
        self._worker.stop(_STOP_TIMEOUT_S)
        self._close_file()
        self._lock.close()
        if not self._worker.is_running:
            self._rotated.close()

    def after_fork(self) -> None:
        """Open file and locks anew: those of the parent would be held in common."""
        self._close_file()
        self._lock.close()
        self._rotated.after_fork()
        self._dropped.clear()
        self._untidy = threading.Event()
        self._worker.after_fork()

    @property
    def dropped(self) -> DropCounts:
        """The lines that could not be written."""
        return dict(self._dropped)

    @property
    def has_room(self) -> bool:
        """Whether the last lines could be written."""
        return self.failure is None

    def _acquire(self) -> None:
        try:
            locked = self._lock.acquire(_LOCK_TIMEOUT_S)
        except FileNotFoundError:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            locked = self._lock.acquire(_LOCK_TIMEOUT_S)
        if not locked:
            raise TimeoutError(f"another process holds the lock of {self._path} for too long")

    def _append_some(self, lines: list[Line]) -> int:
        """Append as many lines as the file has room for, at least one, and return their number."""
        descriptor, status = self._current()
        if status.st_size and self._is_full(status, len(lines[0][1])):
            self._rotated.take()
            self._untidy.set()
            self._worker.ensure_running()
            descriptor, status = self._current()
        count = 1
        size_bytes = status.st_size + len(lines[0][1])
        for _, line in lines[1:]:
            size_bytes += len(line)
            if 0 < self._size_max_bytes < size_bytes:
                break
            count += 1
        data = b"".join(line for _, line in lines[:count])
        if status.st_size and os.pread(descriptor, 1, status.st_size - 1) != b"\n":
            # A process or the machine died over the last line.
            data = b"\n" + data
        _append(descriptor, data, status.st_size)
        return count

    def _current(self) -> tuple[int, os.stat_result]:
        """The descriptor and the status of the file that is at the path now."""
        if self._descriptor is not None:
            status = os.fstat(self._descriptor)
            try:
                if os.path.samestat(status, self._path.stat()):
                    return self._descriptor, status
            except FileNotFoundError:
                pass
            self._close_file()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        self._descriptor = os.open(self._path, flags, 0o640)
        status = os.fstat(self._descriptor)
        if not stat.S_ISREG(status.st_mode):
            self._close_file()
            raise OSError(f"{self._path} is not a regular file")
        return self._descriptor, status

    def _is_full(self, status: os.stat_result, more_bytes: int) -> bool:
        if 0 < self._size_max_bytes < status.st_size + more_bytes:
            return True
        # The file itself knows when it was last written, whatever process did it and however long ago.
        interval_s = self._interval_s
        return interval_s > 0 and status.st_mtime // interval_s < time.time() // interval_s

    def _close_file(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _cycle(self) -> None:
        self._untidy.wait(self._next_tidy_s)
        self._untidy.clear()
        if self._worker.stopping:
            return
        self._next_tidy_s = _TIDY_INTERVAL_S
        try:
            if self._path.parent.is_dir() and not self._rotated.tidy():
                self._next_tidy_s = _TIDY_AGAIN_S
        except OSError as error:
            self._report(ERROR, "old log files can't be compressed or deleted", reason=str(error))

    def _after_failure(self, error: OSError) -> None:
        if self.failure is None:
            self._report(ERROR, "the log file can't be written", reason=str(error))
        self.failure = str(error)

    def _after_success(self) -> None:
        if self.failure is not None:
            self.failure = None
            self._report(INFO, "the log file can be written again")


def _append(descriptor: int, data: bytes, size_bytes: int) -> None:
    remaining = memoryview(data)
    try:
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
    except OSError:
        # Half a line would spoil the file; those that are whole are counted as dropped with it.
        os.ftruncate(descriptor, size_bytes)
        raise
