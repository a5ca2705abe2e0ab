"""Waiting for what a running system does in its own time."""

import asyncio
from collections.abc import Awaitable, Callable

_INTERVAL_S = 0.25


async def eventually[T](
    look: Callable[[], Awaitable[T]], accept: Callable[[T], bool], *, within_s: float = 30.0
) -> T:
    """Look again and again until what is seen is accepted; return it.

    Args:
        look: reads the present state.
        accept: whether that is the state waited for.
        within_s: how long to wait; the test fails after that, naming what was seen last.
    """
    deadline = asyncio.get_running_loop().time() + within_s
    while not accept(seen := await look()):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not within {within_s} s; seen last: {seen!r}")
        await asyncio.sleep(_INTERVAL_S)
    return seen
