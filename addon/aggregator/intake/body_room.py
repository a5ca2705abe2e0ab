"""Bounds the memory of bodies that arrive together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aggregator import limits
from aggregator.errors import OverloadedError


class BodyRoom:
    """Counts the bytes of bodies from their arrival until they are taken apart; for one event loop."""

    def __init__(self) -> None:
        self._held_bytes = 0

    @contextmanager
    def hold(self) -> Iterator[Callable[[int], None]]:
        """Hold room for one body as long as the context lasts.

        Yields:
            What to call with the bytes of each piece; it raises an `OverloadedError` when other bodies have
            the room already. A body alone always fits.
        """
        own_bytes = 0

        def add(size_bytes: int) -> None:
            nonlocal own_bytes
            if own_bytes < self._held_bytes and self._held_bytes + size_bytes > limits.HELD_BODIES_BYTES:
                raise OverloadedError(
                    "too many large bodies arrive at once", limit_bytes=limits.HELD_BODIES_BYTES
                )
            own_bytes += size_bytes
            self._held_bytes += size_bytes

        try:
            yield add
        finally:
            self._held_bytes -= own_bytes
