"""From the loggers to the outputs: one queue, and one thread that renders and writes."""

import math
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Sequence
from contextvars import Context
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.entry import Emitter, Entry, EntryQueue
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.levels import CRITICAL, WARNING, level_name
from ha_ingestor_logging.output import DropCounts, Line, Output
from ha_ingestor_logging.rendering import Renderer
from ha_ingestor_logging.repeated_lines import ONCE_EVERY_S, RepeatedLines
from ha_ingestor_logging.settings import Settings
from ha_ingestor_logging.worker import Worker

if TYPE_CHECKING:
    from structlog.typing import Processor

LIBRARY_LOGGER: Final = "ha_ingestor_logging"

# How long the writer lets entries gather, so that a busy service wakes it rarely.
_GATHER_S: Final = 0.02
# Entries that are rendered before they are written, by their size in the queue.
_CHUNK_BYTES: Final = 512 * 1024
# How long a caller leaves the interpreter to the writer while the queue is half full; but not for an output
# that keeps the writer for longer than the second.
_YIELD_S: Final = 0.0001
_OUTPUT_S: Final = 0.5
_GAP_INTERVAL_S: Final = 1.0
_STOP_TIMEOUT_S: Final = 1.0


class Pipeline:
    """The way of all log lines of one process.

    Until ``start`` and after ``stop`` entries wait in the queue, within its bounds.
    """

    def __init__(self) -> None:
        defaults = Settings(service="", host="")
        self.queue: EntryQueue = BoundedQueue(defaults.queue_records, defaults.queue_size_bytes, self._wake)
        # structlog's own tests and tools change this list in place, so it is one for all loggers.
        self.processors: list[Processor] = []
        self.records_by_level: Counter[int] = Counter()
        self.outputs: Sequence[Output] = ()
        self.repeated_lines = RepeatedLines()
        self._emitters: dict[str, Emitter] = {}
        self.rules = LevelRules()
        self._renderer = Renderer("", "")
        self._worker = Worker("ha-ingestor-log-writer", self._cycle)
        self._hurry = threading.Event()
        self._dropped: Counter[tuple[str, int]] = Counter()
        self._reported_drops: DropCounts = {}
        self._gap_reported_s = 0.0
        self._failure_shown = False
        self._lines_come = False
        self._yield_until_s = math.inf
        self._started = False

    def emitter(self, name: str) -> Emitter:
        """The one emitter of all loggers of a name."""
        known = self._emitters.get(name)
        return known or self._emitters.setdefault(
            name, Emitter(name, self.queue, self.rules.threshold(name), self._render_where_logged)
        )

    def set_levels(self, rules: LevelRules) -> None:
        """Change the lowest levels that loggers take; takes no lock, so a signal handler may call it."""
        self.rules = rules
        for emitter in list(self._emitters.values()):
            emitter.threshold = rules.threshold(emitter.name)

    def start(self, renderer: Renderer, outputs: Sequence[Output]) -> None:
        """Begin to write, first what already waits.

        Args:
            renderer: renders each entry once, for all outputs.
            outputs: where lines go.
        """
        self._renderer = renderer
        self.outputs = tuple(outputs)
        self._worker = Worker("ha-ingestor-log-writer", self._cycle)
        self._started = True
        self._worker.ensure_running()

    @property
    def is_started(self) -> bool:
        """Whether lines are being written."""
        return self._started

    def flush(self, timeout_s: float, *, leaving: bool = False) -> bool:
        """Whether nothing that was logged before waits any more for an output when the timeout is over.

        Lines that were dropped, as ``dropped`` counts them, don't wait.

        Args:
            timeout_s: how long to wait.
            leaving: whether to wait no longer for what is on the disk for the next start.
        """
        if not self._started:
            return not self.queue
        marker = FlushMarker(len(self.outputs), leaving=leaving)
        self.queue.put_always(marker, CRITICAL)
        self._hurry.set()
        self._worker.ensure_running()
        if not self._worker.is_running:
            self._write_waiting()
        return marker.wait(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Flush within the timeout, then end the threads; whether nothing waits any more."""
        if not self._started:
            return not self.queue
        complete = self.flush(timeout_s, leaving=True)
        self._started = False
        self._worker.stopping = True
        self._hurry.set()
        self.queue.wake()
        self._worker.stop(_STOP_TIMEOUT_S)
        self._write_entries(self.repeated_lines.so_far())
        self.repeated_lines.clear()
        for output in self.outputs:
            output.close()
        undelivered = sum(count for (reason, _), count in self.dropped.items() if reason == "exit")
        if undelivered:
            failures = [output.failure for output in self.outputs if output.failure]
            reason = ", ".join(failures) or "the time was too short"
            sys.stderr.write(
                f"{LIBRARY_LOGGER}: {undelivered} log lines were not delivered at the exit: {reason}\n"
            )
        return complete

    def after_fork(self) -> None:
        """Start afresh in a forked child: what waits is the parent's to write."""
        self.queue.reset()
        self._lines_come = False
        self._yield_until_s = math.inf
        self._hurry = threading.Event()
        self._dropped.clear()
        self._reported_drops = {}
        self.repeated_lines.clear()
        self._worker.after_fork()
        self._renderer.after_fork()
        for output in self.outputs:
            output.after_fork()

    def report(self, level: int, message: str, /, **fields: object) -> None:
        """Log a line of the library's own, from any thread."""
        emitter = self.emitter(LIBRARY_LOGGER)
        if emitter.threshold <= level:
            # A fresh context, since what the library's own threads log is dropped otherwise.
            Context().run(emitter.emit, level, {}, message, (), dict(fields))

    @property
    def dropped(self) -> DropCounts:
        """All lines that were dropped since the start, by reason and level."""
        total = Counter(self._dropped)
        total.update({("queue_full", level): count for level, count in self.queue.refused.items()})
        for output in self.outputs:
            total.update(output.dropped)
        return dict(total)

    def _wake(self) -> None:
        if self._started:
            self._worker.ensure_running()
            self.queue.wake()

    def _cycle(self) -> None:
        # A caller that has to wake this thread pays for it, so while lines come it looks for them by itself.
        if not self._lines_come:
            self.queue.wait(_GAP_INTERVAL_S if self._has_gap() or self.repeated_lines else None)
        self._hurry.wait(_GATHER_S)
        self._hurry.clear()
        self._lines_come = bool(self.queue)
        self._write_waiting()

    def _write_waiting(self) -> None:
        while taken := self.queue.take(_CHUNK_BYTES):
            lines: list[Line] = []
            for level, item in taken:
                if isinstance(item, FlushMarker):
                    self._render_all(self.repeated_lines.so_far(), lines)
                    self._write(lines)
                    lines = []
                    self._flush_outputs(item)
                elif isinstance(item, bytes):
                    lines.append((level, item))
                elif self.repeated_lines.admits(item):
                    self._render(item, level, lines)
            self._write(lines)
        self._write_entries(self.repeated_lines.ended(time.time_ns()))
        self._write_gap()

    def _render(self, entry: Entry, level: int, lines: list[Line]) -> None:
        try:
            line = self._renderer.render(entry)
        except BaseException:  # noqa: BLE001 - a foreign __repr__ that calls sys.exit must not end this thread
            self._dropped["unrenderable", level] += 1
            return
        if line is not None:
            lines.append((level, line))

    def _render_where_logged(self, entry: Entry) -> bytes | None:
        if not self._started:
            return None
        if not self.queue.has_room and time.monotonic() < self._yield_until_s:
            # Many threads leave the writer's too little of the interpreter.
            time.sleep(_YIELD_S)
        # Which lines are repeated only the writer knows.
        if self.repeated_lines.interval_s or ONCE_EVERY_S in entry[-1]:
            return None
        return self._renderer.render_plain(entry)

    def _render_all(self, entries: Iterable[Entry], lines: list[Line]) -> None:
        for entry in entries:
            self._render(entry, entry[1], lines)

    def _write_entries(self, entries: Iterable[Entry]) -> None:
        lines: list[Line] = []
        self._render_all(entries, lines)
        self._write(lines)

    def _write(self, lines: list[Line]) -> None:
        if lines:
            self.records_by_level.update(map(itemgetter(0), lines))
            self._yield_until_s = time.monotonic() + _OUTPUT_S
            for output in self.outputs:
                try:
                    output.write(lines)
                except Exception:  # noqa: BLE001 - one output must not cost the others their lines
                    self._dropped.update(("output_failed", level) for level, _ in lines)
                    self._show_failure()
            self._yield_until_s = math.inf

    def _flush_outputs(self, marker: FlushMarker) -> None:
        for output in self.outputs:
            try:
                output.flush(marker)
            except Exception:  # noqa: BLE001 - whoever waits must not wait for nothing
                marker.passed(complete=False)
                self._show_failure()

    def _show_failure(self) -> None:
        # Once: it may come with every line, and logging it would come here again.
        if not self._failure_shown:
            self._failure_shown = True
            traceback.print_exc(file=sys.stderr)

    def _has_gap(self) -> bool:
        return self.dropped != self._reported_drops

    def _write_gap(self) -> None:
        """Say how many lines are missing, once there is room again."""
        now_s = time.monotonic()
        if now_s - self._gap_reported_s < _GAP_INTERVAL_S or not self._has_gap():
            return
        if not self.queue.has_room or not all(output.has_room for output in self.outputs):
            return
        dropped = self.dropped
        missing: dict[str, dict[str, int]] = {}
        for (reason, level), count in dropped.items():
            new = count - self._reported_drops.get((reason, level), 0)
            if new:
                missing.setdefault(reason, {})[level_name(level)] = new
        self._gap_reported_s = now_s
        total = sum(sum(by_level.values()) for by_level in missing.values())
        fields = {"dropped": total, "dropped_by_reason": missing}
        event = "log lines were dropped"
        gap: Entry = (time.time_ns(), WARNING, LIBRARY_LOGGER, Context(), {}, event, (), fields)
        before = Counter(self._dropped)
        self._write_entries([gap])
        # An output that can't take this line either is no reason for another.
        self._reported_drops = dict(Counter(dropped) + (self._dropped - before))
