"""From entries of the journal to lines of ours."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from aggregator import limits
from aggregator.intake.journal.export_format import Entry
from aggregator.intake.journal.origins import LEFT_OUT, Key, Origins, key_of, level_of
from aggregator.intake.text.stream import Lines, TextStream, Understood

_US: Final = 1000
_ENCODER: Final = msgspec.json.Encoder()
_CUT: Final = b"... (%d bytes left out)"


def uid_of(cursor: bytes) -> bytes:
    """Return what a cursor has of the entry's own: the ID of its sequence, and its number in it.

    https://systemd.io/JOURNAL_EXPORT_FORMATS/ and sd_journal_get_cursor(3) call cursors opaque; where one is
    not `s=…;i=…;…`, all of it is returned.
    """
    parts = cursor.split(b";", 2)
    if len(parts) > 1 and parts[0].startswith(b"s=") and parts[1].startswith(b"i="):
        return b"%b.%b" % (parts[0][2:], parts[1][2:])
    return cursor


@dataclass(slots=True)
class _Lines:
    """Lines of one origin."""

    texts: list[bytes] = field(default_factory=list)
    times_ns: list[int] = field(default_factory=list)
    members: list[bytes] = field(default_factory=list)
    names: set[str] = field(default_factory=lambda: {"uid"})


@dataclass(slots=True)
class _Held:
    """A stream that holds lines.

    Args:
        stream: the stream.
        behind: cursor of the last entry before the batch that its lines came in.
    """

    stream: TextStream
    behind: bytes | None


class JournalRecords:
    """Makes lines of entries; those of one traceback become one, also when they come in several batches.

    Args:
        position: cursor of the last entry that was made lines before.
    """

    def __init__(self, position: bytes | None = None) -> None:
        self._origins = Origins()
        self._held: dict[Key, _Held] = {}
        self._last = position
        self.newest_ns = 0
        self.without_message = 0

    @property
    def position(self) -> bytes | None:
        """Cursor of the last entry such that all up to it are lines by now; None before the first."""
        return next(iter(self._held.values())).behind if self._held else self._last

    @property
    def due_s(self) -> float | None:
        """When lines that are held wait no longer."""
        return min((held.stream.due_s or 0.0 for held in self._held.values()), default=None)

    def take(self, entries: Sequence[Entry], now_s: float) -> Understood:
        """Take the next entries.

        Args:
            entries: in the journal's order.
            now_s: a monotonic clock's time.
        """
        grouped: defaultdict[Key, _Lines] = defaultdict(_Lines)
        for entry in entries:
            message = entry.get(b"MESSAGE")
            if message is None:
                self.without_message += 1
                continue
            lines = grouped[key_of(entry)]
            lines.texts.append(_shortened(message) if len(message) > limits.LINE_BYTES // 2 else message)
            lines.times_ns.append(_time_ns(entry))
            lines.members.append(_members(entry, lines.names))
        behind = self._last
        made: list[Understood] = []
        for key, lines in grouped.items():
            held = self._held.get(key)
            stream = self._origins.stream(key) if held is None else held.stream
            levels = [level] * len(lines.texts) if (level := level_of(key)) else ()
            made.append(
                stream.take(Lines(lines.texts, lines.times_ns, lines.members, levels, lines.names), now_s)
            )
            if stream.due_s is None:
                self._held.pop(key, None)
            elif held is None or stream.held <= len(lines.texts):
                # The oldest stays the first.
                self._held.pop(key, None)
                self._held[key] = _Held(stream, behind)
        if entries:
            self._last = entries[-1].get(b"__CURSOR", self._last)
            self.newest_ns = _time_ns(entries[-1])
        return _together([*made, *self._due(now_s)])

    def flush(self) -> Understood:
        """Make lines of all that is held."""
        made = [held.stream.flush() for held in self._held.values()]
        self._held.clear()
        return _together(made)

    def _due(self, now_s: float) -> list[Understood]:
        due = [key for key, held in self._held.items() if (held.stream.due_s or 0.0) <= now_s]
        return [self._held.pop(key).stream.flush() for key in due]


def _members(entry: Entry, names: set[str]) -> bytes:
    """What an entry says of itself alone, as members of a JSON object."""
    uid = b'"uid":"%b"' % uid_of(entry.get(b"__CURSOR", b""))
    others = [name for name in entry.keys() - LEFT_OUT if not name.startswith(b"_")]
    if not others:
        return uid
    said = {_text(name): _text(entry[name]) for name in sorted(others)}
    names.update(said)
    return b"%b,%b" % (uid, _ENCODER.encode(said)[1:-1])


def _text(value: bytes) -> str:
    return value[: limits.LINE_BYTES // 8].decode(errors="replace")


def _shortened(message: bytes) -> bytes:
    kept = limits.LINE_BYTES // 2
    return message[:kept] + _CUT % (len(message) - kept)


def _time_ns(entry: Entry) -> int:
    time_us = entry.get(b"_SOURCE_REALTIME_TIMESTAMP") or entry.get(b"__REALTIME_TIMESTAMP", b"")
    return int(time_us) * _US if time_us.isdigit() else 0


def _together(made: Sequence[Understood]) -> Understood:
    if len(made) == 1:
        return made[0]
    return Understood(b"".join([one.lines for one in made]), sum(one.rows for one in made))
