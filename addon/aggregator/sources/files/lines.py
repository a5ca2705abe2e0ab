"""What the lines of a file are: text of a program, whatever it is."""

from collections.abc import Collection, Sequence
from datetime import tzinfo
from typing import Protocol

from aggregator.intake.text.stream import Lines, TextStream, Understood


class FileLines(Protocol):
    """Makes records of the lines of one file."""

    @property
    def held(self) -> int:
        """How many of the last lines are not given back yet."""

    @property
    def due_s(self) -> float | None:
        """When what is held waits no longer; None when nothing is held for a time."""

    @property
    def invalid(self) -> int:
        """How many lines were not what they should be, and were taken as plain text."""

    def take(self, texts: Sequence[bytes], uids: Sequence[bytes], now_ns: int, now_s: float) -> Understood:
        """Take the next lines.

        Args:
            texts: the lines.
            uids: an ID of each.
            now_ns: time, ns since the epoch.
            now_s: a monotonic clock's time.
        """

    def flush(self) -> Understood:
        """Give back what is held for a time."""


class PlainLines(FileLines):
    """Lines of text.

    Args:
        told: what is known of all of them, as members of a JSON object.
        names: the names in `told`.
        zone: of times that name none.
    """

    def __init__(self, told: bytes, names: Collection[str], zone: tzinfo) -> None:
        self._stream = TextStream(told, {*names, "uid"}, zone)

    @property
    def held(self) -> int:
        """How many of the last lines are not given back yet."""
        return self._stream.held

    @property
    def due_s(self) -> float | None:
        """When what is held waits no longer."""
        return self._stream.due_s

    @property
    def invalid(self) -> int:
        """None: every line is text."""
        return 0

    def take(self, texts: Sequence[bytes], uids: Sequence[bytes], now_ns: int, now_s: float) -> Understood:
        """Take the next lines; the time of one that tells none is when it was read."""
        told = [b'"uid":"%b"' % uid for uid in uids]
        return self._stream.take(Lines(texts, [now_ns] * len(texts), told), now_s)

    def flush(self) -> Understood:
        """Give back what is held."""
        return self._stream.flush()
