"""Waiting for what comes about by itself."""

import asyncio
from collections.abc import Callable

_INTERVAL_S = 0.02


async def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Return when the condition holds; fail after the timeout."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - conditions are looked up, nothing announces them
            await asyncio.sleep(_INTERVAL_S)
