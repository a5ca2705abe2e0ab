"""A background thread that comes back after a fork."""

import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextvars import Context

from ha_ingestor_logging.rendering import OWN_THREAD

_PAUSE_AFTER_ERROR_S = 1.0


class Worker:
    """Calls one function again and again in a daemon thread, until told to stop.

    Args:
        name: the thread's name.
        cycle: does what there is to do, waits for more at most as long as it likes, and returns.
    """

    def __init__(self, name: str, cycle: Callable[[], None]) -> None:
        self._name = name
        self._cycle = cycle
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self.stopping = False

    def ensure_running(self) -> None:
        """Start the thread unless it runs; never waits for another caller who does so."""
        if self.stopping or self.is_running or not self._starting.acquire(blocking=False):
            return
        try:
            if not self.is_running:
                # A fresh context: the thread works for no request, whoever caused its start.
                thread = threading.Thread(
                    target=Context().run, args=(self._run,), name=self._name, daemon=True
                )
                thread.start()
                self._thread = thread
        except RuntimeError:
            # No thread can be started while the interpreter exits; the exit flush does the work.
            return
        finally:
            self._starting.release()

    @property
    def is_running(self) -> bool:
        """Whether the thread lives; false in a child after a fork."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self, timeout_s: float) -> None:
        """Let the thread end after its current cycle and wait for that."""
        self.stopping = True
        if self._thread is not None:
            self._thread.join(timeout_s)

    def after_fork(self) -> None:
        """Start afresh in a forked child, where the thread does not exist."""
        self._thread = None
        self._starting = threading.Lock()

    def _run(self) -> None:
        OWN_THREAD.set(True)
        while not self.stopping:
            try:
                self._cycle()
            except Exception:  # noqa: BLE001 - this thread must survive whatever one batch brings
                traceback.print_exc(file=sys.stderr)
                time.sleep(_PAUSE_AFTER_ERROR_S)
