"""Lines that come again and again: the first is written, the others are counted."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ha_ingestor_logging.entry import Entry
from ha_ingestor_logging.message import format_message, safe_repr

ONCE_EVERY_S: Final = "once_every_s"
"""The field by which a call asks that its line be written once in so many seconds."""

# Each holds one entry; lines that find no room here are simply written.
_WINDOWS_MAX: Final = 1000
_INTERVAL_MAX_S: Final = 366 * 86_400
_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000


@dataclass(slots=True)
class _Window:
    """The time after a line was written, for others like it."""

    until_ns: int
    begun_ns: int
    repeated: int = 0
    latest: Entry | None = None


class RepeatedLines:
    """Holds repeated lines back, and tells how many there were; for use by the writer's thread.

    Calls that ask for it by ``once_every_s`` are alike when logger, level and message, before its
    placeholders are filled, are the same. All others are alike when nothing but the time differs.
    """

    def __init__(self) -> None:
        self._windows: dict[Hashable, _Window] = {}
        self.interval_s = 0.0
        """How often lines are written that don't ask; 0 for always."""

    def __len__(self) -> int:
        return len(self._windows)

    def clear(self) -> None:
        """Forget all that was counted."""
        self._windows.clear()

    def admits(self, entry: Entry) -> bool:
        """Whether a line is to be written now; otherwise it is counted.

        Args:
            entry: the line; its own fields lose what was meant for this place.
        """
        at_ns, level, logger, _, _, event, _, fields = entry
        if not self.interval_s and ONCE_EVERY_S not in fields:
            return True
        asked = fields.pop(ONCE_EVERY_S, None)
        if isinstance(asked, int | float) and 0 < asked < _INTERVAL_MAX_S:
            interval_s: float = asked
            key: Hashable = (logger, level, event if type(event) is str else safe_repr(event))
        elif self.interval_s:
            interval_s = self.interval_s
            key = (logger, level, _all_but_the_time(entry))
        else:
            return True
        window = self._windows.get(key)
        # One whose end has passed is not told yet while it counts: this line still belongs to it.
        if window is not None and (at_ns < window.until_ns or window.repeated):
            window.repeated += 1
            window.latest = entry
            return False
        if window is not None or len(self._windows) < _WINDOWS_MAX:
            self._windows[key] = _Window(at_ns + int(interval_s * _NS_PER_S), at_ns)
        return True

    def ended(self, now_ns: int) -> Iterator[Entry]:
        """Lines that tell how often others were repeated, of those whose time is over.

        Args:
            now_ns: the time in ns since 1970.
        """
        over = [key for key, window in self._windows.items() if window.until_ns <= now_ns]
        yield from _told(self._windows.pop(key) for key in over)

    def so_far(self) -> Iterator[Entry]:
        """The same of all, up to now; their time goes on."""
        return _told(self._windows.values())


def _told(windows: Iterable[_Window]) -> Iterator[Entry]:
    for window in windows:
        if window.latest is not None:
            at_ns, level, logger, context, bound, event, args, fields = window.latest
            counted = {
                **fields,
                "repeated": window.repeated,
                "repeated_within_ms": (at_ns - window.begun_ns) // _NS_PER_MS,
            }
            text = f"{format_message(event, args)} … repeated {window.repeated} times"
            window.repeated, window.latest = 0, None
            yield at_ns, level, logger, context, bound, text, (), counted


def _all_but_the_time(entry: Entry) -> str:
    _, _, _, _, bound, event, args, fields = entry
    exception = fields.get("exc_info")
    # A traceback's repr is its address.
    said = {name: value for name, value in fields.items() if name != "exc_info"}
    return safe_repr((event, args, said, dict(bound), exception and exception[:2]))
