"""More lines at run time, by a signal."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from ha_ingestor_logging.levels import DEBUG, TRACE


class LevelSignals:
    """SIGUSR1 asks for DEBUG and, sent again, for TRACE; SIGUSR2 goes back to what was configured.

    Args:
        lower: called with the level that is wanted, or with ``None`` to go back.
    """

    def __init__(self, lower: Callable[[int | None], None]) -> None:
        self._lower = lower
        self._wanted: int | None = None
        self._before: dict[int, Any] = {}

    def install(self) -> bool:
        """Take the signals; false where that is impossible: not in the main thread, or on Windows."""
        if not hasattr(signal, "SIGUSR1") or threading.current_thread() is not threading.main_thread():
            return False
        for number, handler in ((signal.SIGUSR1, self._more), (signal.SIGUSR2, self._back)):
            self._before.setdefault(number, signal.signal(number, handler))
        return True

    def remove(self) -> None:
        """Give the signals back to whoever had them."""
        self._wanted = None
        if threading.current_thread() is threading.main_thread():
            for number, before in self._before.items():
                signal.signal(number, before)
            self._before.clear()

    def _more(self, _number: int, _frame: FrameType | None) -> None:
        self._wanted = DEBUG if self._wanted is None else TRACE
        self._lower(self._wanted)

    def _back(self, _number: int, _frame: FrameType | None) -> None:
        self._wanted = None
        self._lower(None)
