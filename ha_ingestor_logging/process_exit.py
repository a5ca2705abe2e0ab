"""Doing something at the end of a process, however it was started."""

import atexit
import os
import sys
from collections.abc import Callable


class ExitHook:
    """Calls a function when the process ends; in each of its children too, when they end.

    ``atexit`` alone is not enough: the children that ``multiprocessing`` forks leave without it.

    Args:
        function: what to call; may be called more than once.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function = function
        atexit.register(function)
        if sys.platform != "win32":
            os.register_at_fork(after_in_child=self._register_with_multiprocessing)
        self._register_with_multiprocessing()

    def _register_with_multiprocessing(self) -> None:
        util = sys.modules.get("multiprocessing.util")
        process = sys.modules.get("multiprocessing.process")
        if util is None or process is None:
            return
        # A child forgets its finalizers when it begins its work, and calls these functions then.
        util.register_after_fork(self, ExitHook._add_finalizer)
        if process.parent_process() is not None:
            self._add_finalizer()

    def _add_finalizer(self) -> None:
        sys.modules["multiprocessing.util"].Finalize(None, self._function, exitpriority=0)
