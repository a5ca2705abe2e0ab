"""Lines on standard output."""

import os
import select
from collections import Counter
from collections.abc import Callable

from ha_ingestor_logging.output import DropCounts, ImmediateOutput, Line


class StdoutOutput(ImmediateOutput):
    """Writes lines to a file descriptor, which stays open; waits in its own thread when a reader is slow.

    Args:
        descriptor: where to write; standard output by default.
        shown: makes from a line what is written; ``None`` writes it as it is.
    """

    def __init__(self, descriptor: int = 1, shown: Callable[[bytes], bytes] | None = None) -> None:
        self._descriptor = descriptor
        self._shown = shown
        self._dropped: Counter[tuple[str, int]] = Counter()

    def write(self, lines: list[Line]) -> None:
        """Write all lines at once."""
        written = (line if self._shown is None else self._shown(line) for _, line in lines)
        remaining = memoryview(b"".join(written))
        try:
            while remaining:
                remaining = remaining[self._write_some(remaining) :]
        except OSError:
            # Nobody reads any more; a service must not die of that.
            self._dropped.update(("stdout_closed", level) for level, _ in lines)

    def _write_some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            select.select([], [self._descriptor], [])
            return 0

    @property
    def dropped(self) -> DropCounts:
        """The lines that could not be written."""
        return dict(self._dropped)
