"""Threads and executors that carry the context of whoever starts work in them.

asyncio's tasks and ``asyncio.to_thread`` do so by themselves; threads and executors don't.
"""

import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def in_current_context(function: Callable[P, R]) -> Callable[P, R]:
    """A function that runs under this moment's IDs, and all other context variables, wherever it is called.

    ``threading.Thread(target=in_current_context(work))``, ``executor.submit(in_current_context(work))``.

    Args:
        function: what is to run there.
    """
    context = copy_context()

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        # A copy for each call, since a context can't be entered by two threads at once.
        return context.copy().run(function, *args, **kwargs)

    return call


class ContextThreadPoolExecutor(ThreadPoolExecutor):
    """A ``ThreadPoolExecutor`` whose work runs under the IDs of whoever submits it.

    ``map`` and asyncio's ``run_in_executor`` do so too.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Let a thread of the pool call the function under the current context."""
        return super().submit(in_current_context(fn), *args, **kwargs)
