"""Waiting for what another process does."""

import asyncio
from collections.abc import Callable

TIMEOUT_S = 15.0


async def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds.

    Args:
        condition: looked at every 20 ms.
        what: what is waited for, for the failure's message.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():  # noqa: ASYNC110 - nothing in this process tells when
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {TIMEOUT_S:.0f} s") from None
