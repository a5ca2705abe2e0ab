"""Waiting until everything that was logged so far has left the process."""

import threading


class FlushMarker:
    """Travels through the queues behind what was logged before it.

    Args:
        outputs: how many outputs it must pass.
        leaving: whether the process ends, so that what is safe for its next start need not be waited for.
    """

    def __init__(self, outputs: int, *, leaving: bool = False) -> None:
        self.leaving = leaving
        self._to_pass = outputs
        self._complete = True
        self._lock = threading.Lock()
        self._passed = threading.Event()
        if outputs == 0:
            self._passed.set()

    def passed(self, *, complete: bool = True) -> None:
        """One output has nothing left that is older than this marker.

        Args:
            complete: false when the output only sees no use in waiting for what is left.
        """
        with self._lock:
            self._complete = self._complete and complete
            self._to_pass -= 1
            if self._to_pass == 0:
                self._passed.set()

    def wait(self, timeout_s: float) -> bool:
        """Whether the marker has passed every output within the timeout, and all of it arrived."""
        return self._passed.wait(timeout_s) and self._complete
