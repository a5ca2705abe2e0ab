"""Lines of one origin that arrive bit by bit, as from a container or from a file that grows."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from aggregator import limits
from aggregator.intake.text.entries import flat
from aggregator.record.fields import ALIASES
from aggregator.record.text.join import JOINED, join, may_go_on
from aggregator.record.text.lines import as_text, firsts, lasts
from aggregator.record.text.local_times import with_zone
from aggregator.record.text.merge import merge, with_hints
from aggregator.record.text.understand import understand

type _Line = tuple[bytes, int, bytes, bytes]
"""A line's text, time, what is told of it, and what its level is if it tells none."""

_TIMES: Final = ("timestamp", *ALIASES["timestamp"])
_LEVELS: Final = ("level", *ALIASES["level"])
_BLANK: Final = re.compile(rb"(?:\s|\x1b\[[0-9;]*+m)*+")


@dataclass(frozen=True, slots=True)
class Understood:
    """Records of lines.

    Args:
        lines: JSON objects, each ended by a newline.
        rows: how many.
    """

    lines: bytes
    rows: int


def _is_too_much(record: bytes) -> bool:
    return len(record) > limits.JOINED_BYTES or record.count(JOINED) >= limits.JOINED_LINES


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that follow each other.

    Args:
        texts: the lines, without their ends; blank ones are left out.
        times_ns: when each was written as far as the source knows, ns since the epoch; the time that a line
            tells with its zone is preferred.
        told: what is known of each besides what is of all, as members of a JSON object; none if empty. A
            record has that of its last line, so that an ID says how far it goes.
        levels: the level of each that tells none, as members such as `"PRIORITY":"3"`; none if empty.
        names: names in `told` that the stream may not know of.
    """

    texts: Sequence[bytes]
    times_ns: Sequence[int]
    told: Sequence[bytes] = ()
    levels: Sequence[bytes] = ()
    names: Collection[str] = ()


class TextStream:
    """Understands the lines of one origin: of one service, host and output.

    What may be the beginning of a traceback is held until it is known how it goes on, or until `due_s`.

    Args:
        told: what is known of all lines, as members of a JSON object, such as `"service":"nginx"`, by the
            names of the record; it wins over what a line says.
        names: the names in what is told of all and of each.
        zone: of times that name none, where it is known; other such times stay fields.
    """

    def __init__(self, told: bytes, names: Collection[str], zone: tzinfo | None = None) -> None:
        self._told = told
        self._names = set(names)
        self._zone = zone
        self._held: list[_Line] = []
        self.due_s: float | None = None

    @property
    def held(self) -> int:
        """How many of the last lines were not given back yet: a position to start from lies before them."""
        return len(self._held)

    def take(self, lines: Lines, now_s: float) -> Understood:
        """Take the next lines.

        Args:
            lines: the lines.
            now_s: a monotonic clock's time.
        """
        nothing = [b""] * len(lines.texts)
        self._held += zip(
            [text.removesuffix(b"\r") for text in lines.texts],
            lines.times_ns,
            lines.told or nothing,
            lines.levels or nothing,
            strict=True,
        )
        self._names.update(lines.names)
        text = self._text()
        held = may_go_on(text)
        is_due = held == 0 and self.due_s is not None and now_s >= self.due_s
        is_held = held < len(text) and not is_due and not _is_too_much(text[held:])
        done = text[:held] if is_held else text
        count = done.count(b"\n") + done.count(JOINED)
        understood = self._understood(done, self._held[:count])
        self._held = self._held[count:]
        if not is_held:
            self.due_s = None
        elif self.due_s is None or count:
            self.due_s = now_s + limits.JOIN_TIME_S
        return understood

    def flush(self) -> Understood:
        """Give back what is held: its time is over, or nothing follows."""
        understood = self._understood(self._text(), self._held)
        self._held, self.due_s = [], None
        return understood

    def _text(self) -> bytes:
        return join(as_text([line[0] for line in self._held])) if self._held else b""

    def _understood(self, text: bytes, lines: Sequence[_Line]) -> Understood:
        records = text.split(b"\n")[:-1]
        first, last = firsts(text, lines), lasts(text, lines)
        if any(map(_BLANK.fullmatch, records)):
            kept = [at for at, record in enumerate(records) if not _BLANK.fullmatch(record)]
            first, last = [first[at] for at in kept], [last[at] for at in kept]
            text = b"".join([records[at] + b"\n" for at in kept])
        if not text:
            return Understood(b"", 0)
        understood = understand(text)
        if self._zone is not None:
            understood = with_zone(understood, self._zone)
        rows = flat(understood).split(b"\n")[:-1]
        rows = with_hints(rows, _TIMES, [b'"timestamp":%d' % time_ns for _, time_ns, _, _ in first])
        if any(level for _, _, _, level in first):
            rows = with_hints(rows, _LEVELS, [level for _, _, _, level in first])
        told = [self._told] * len(rows)
        if any(own for _, _, own, _ in last):
            told = [b",".join(filter(None, (self._told, own))) for _, _, own, _ in last]
        rows = merge(rows, told, self._names)
        return Understood(b"\n".join([*rows, b""]), len(rows))
