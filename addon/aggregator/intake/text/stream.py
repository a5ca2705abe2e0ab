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
from aggregator.record.text.lines import as_text, firsts
from aggregator.record.text.local_times import with_zone
from aggregator.record.text.merge import merge, with_hints
from aggregator.record.text.understand import understand

_TIMES: Final = ("timestamp", *ALIASES["timestamp"])
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


class TextStream:
    """Understands the lines of one origin: of one service, host and output.

    What may be the beginning of a traceback is held until it is known how it goes on, or until `due_s`.

    Args:
        told: what is known of each line, as members of a JSON object, such as `"service":"nginx"`, by the
            names of the record; it wins over what a line says.
        names: the names in `told`.
        zone: of times that name none, where it is known; other such times stay fields.
    """

    def __init__(self, told: bytes, names: Collection[str], zone: tzinfo | None = None) -> None:
        self._told = told
        self._names = names
        self._zone = zone
        self._lines: list[bytes] = []
        self._times_ns: list[int] = []
        self.due_s: float | None = None

    def take(self, lines: Sequence[bytes], times_ns: Sequence[int], now_s: float) -> Understood:
        """Take the next lines.

        Args:
            lines: the lines, without their ends; blank ones are left out.
            times_ns: when each was written as far as the source knows, ns since the epoch; the time that a
                line tells with its zone is preferred.
            now_s: a monotonic clock's time.
        """
        self._lines += [line.removesuffix(b"\r") for line in lines]
        self._times_ns += times_ns
        text = join(as_text(self._lines))
        held = may_go_on(text)
        is_due = held == 0 and self.due_s is not None and now_s >= self.due_s
        is_held = held < len(text) and not is_due and not _is_too_much(text[held:])
        done = text[:held] if is_held else text
        count = done.count(b"\n") + done.count(JOINED)
        understood = self._understood(done, self._times_ns[:count])
        self._lines, self._times_ns = self._lines[count:], self._times_ns[count:]
        if not is_held:
            self.due_s = None
        elif self.due_s is None or count:
            self.due_s = now_s + limits.JOIN_TIME_S
        return understood

    def flush(self) -> Understood:
        """Give back what is held: its time is over, or nothing follows."""
        text = join(as_text(self._lines)) if self._lines else b""
        understood = self._understood(text, self._times_ns)
        self._lines, self._times_ns, self.due_s = [], [], None
        return understood

    def _understood(self, text: bytes, times_ns: Sequence[int]) -> Understood:
        records = text.split(b"\n")[:-1]
        first_times_ns = firsts(text, times_ns)
        if any(map(_BLANK.fullmatch, records)):
            kept = [at for at, record in enumerate(records) if not _BLANK.fullmatch(record)]
            first_times_ns = [first_times_ns[at] for at in kept]
            text = b"".join([records[at] + b"\n" for at in kept])
        if not text:
            return Understood(b"", 0)
        rows = understand(text)
        if self._zone is not None:
            rows = with_zone(rows, self._zone)
        times = [b'"timestamp":%d' % time_ns for time_ns in first_times_ns]
        timed = with_hints(flat(rows).split(b"\n")[:-1], _TIMES, times)
        told = merge(timed, [self._told] * len(timed), self._names)
        return Understood(b"\n".join([*told, b""]), len(told))
