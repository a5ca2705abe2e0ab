"""Tells tasks of the event loop that the store's threads have made new records searchable."""

import asyncio


class News:
    """A bell that rings in the event loop whenever records became searchable.

    Args:
        loop: the event loop of those who listen.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._listeners: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Wake all listeners; may be called from any thread, also when the loop has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def listen(self) -> asyncio.Event:
        """Return an event that is set at each ring, until `forget`."""
        event = asyncio.Event()
        self._listeners.add(event)
        return event

    def forget(self, event: asyncio.Event) -> None:
        """Set an event no more."""
        self._listeners.discard(event)

    def _wake(self) -> None:
        for event in self._listeners:
            event.set()
