"""A lock between processes that ends with its holder, however that dies."""

import os
import sys
import time
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

_POLL_S: Final = 0.002


class FileLock:
    """An exclusive ``flock`` on a file of its own.

    Args:
        path: the file; made when the lock is taken.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, timeout_s: float = 0.0) -> bool:
        """Take the lock; whether that was possible within the timeout.

        Args:
            timeout_s: how long to wait for another holder.

        Raises:
            OSError: the file can't be made.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if _try_lock(self._descriptor):
                if self._is_at_path(self._descriptor):
                    return True
                # Its last holder has removed it: whoever comes now would lock another file.
                self.close()
                continue
            if time.monotonic() >= deadline_s:
                return False
            time.sleep(_POLL_S)

    def release(self) -> None:
        """Give the lock back and keep the file open for the next time."""
        if self._descriptor is not None and sys.platform != "win32":
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def remove(self) -> None:
        """Remove the file, then give the lock back."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Close the file, which gives the lock back unless a parent process holds it too."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
