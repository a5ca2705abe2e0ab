"""Takes the records that Home Assistant Core logs, and holds them until they are at the aggregator."""

import logging
import secrets
import threading
from collections import Counter, deque
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple, override

if TYPE_CHECKING:
    from collections.abc import Generator

OWN_LOGGERS: Final = __name__.rpartition(".")[0]
"""The integration's package, whose loggers tell of the sending: to send that would never end."""

MAX_HELD_BYTES: Final = 16 * 1024 * 1024
"""Memory for all that waits: little on a small machine; compressed it is days of an ordinary Core's log."""

MAX_UNRENDERED: Final = 20_000
"""Records that wait to be rendered. Half a second's worth, so only a loop that logs comes there."""

_EXCLUDED: Final = f"{OWN_LOGGERS}."

# What a record takes in memory besides its message, and an exception besides its record.
_RECORD_BYTES: Final = 1000
_EXCEPTION_BYTES: Final = 4000

_SENDING: ContextVar[bool] = ContextVar("ha_ingestor_sending", default=False)


@contextmanager
def unrecorded() -> Generator[None]:
    """Leave out what is logged by the code within, and by what it starts: the HTTP client's connections."""
    token = _SENDING.set(True)
    try:
        yield
    finally:
        _SENDING.reset(token)


class Taken(NamedTuple):
    """A record as it was logged.

    `message` was made at once, as its arguments may change; `number` tells it from all others of the handler.
    """

    record: logging.LogRecord
    message: str
    number: int


class Batch(NamedTuple):
    """Rendered lines, compressed."""

    body: bytes
    lines: int


class CoreLogHandler(logging.Handler):
    """Puts records into a bounded queue and does nothing else with them, in the thread that logs.

    `dropped` counts those that will never arrive, by reason: `full`, or the aggregator's error code.

    From half of the room on, records below WARNING are dropped; once it is full, all are. What is there,
    stays.
    """

    def __init__(self) -> None:
        super().__init__()
        self.run_id: Final = secrets.token_hex(8)
        self.batches: Final[deque[Batch]] = deque()
        self.dropped: Final[Counter[str]] = Counter()
        # Reentrant: what is collected as garbage while it is held may log.
        self._room = threading.RLock()
        self._numbers = count()
        self._taken: list[Taken] = []
        self._taken_bytes = 0
        self._batches_bytes = 0
        self._untold: Counter[str] = Counter()

    @override
    def handle(self, record: logging.LogRecord) -> bool:
        # Without the lock that `Handler.handle` holds: a thread may be slow to make its message,
        # and the event loop logs too.
        if _SENDING.get() or f"{record.name}.".startswith(_EXCLUDED) or not self.filter(record):
            return False
        self.emit(record)
        return True

    @override
    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
        except Exception as err:  # noqa: BLE001 - arguments may raise anything, and who logs must not get it
            text = record.msg if isinstance(record.msg, str) else type(record.msg).__qualname__
            message = f"{text} (its text can't be made: {type(err).__name__})"
        size_bytes = _RECORD_BYTES + len(message) + (_EXCEPTION_BYTES if record.exc_info else 0)
        parts = 1 if record.levelno >= logging.WARNING else 2
        with self._room:
            if (self.held_bytes + size_bytes) * parts > MAX_HELD_BYTES or len(
                self._taken
            ) * parts >= MAX_UNRENDERED:
                self._drop("full", 1)
                return
            self._taken.append(Taken(record, message, next(self._numbers)))
            self._taken_bytes += size_bytes

    @property
    def held_bytes(self) -> int:
        """Memory that what waits takes, about."""
        return self._taken_bytes + self._batches_bytes

    @property
    def holds_records(self) -> bool:
        """Whether there is anything to render."""
        return bool(self._taken)

    def take(self) -> tuple[list[Taken], Counter[str]]:
        """Hand over what is to be rendered, and how many records were dropped before it, by reason.

        The number of dropped ones is held back while there is little room: the gap lasts.
        """
        with self._room:
            taken, self._taken, self._taken_bytes = self._taken, [], 0
            dropped: Counter[str] = Counter()
            if self._batches_bytes * 2 < MAX_HELD_BYTES:
                dropped, self._untold = self._untold, dropped
        return taken, dropped

    def add_batch(self, batch: Batch) -> None:
        """Hold lines until they are at the aggregator."""
        with self._room:
            self.batches.append(batch)
            self._batches_bytes += len(batch.body)

    def remove_batch(self, batch: Batch, refused: str | None = None) -> None:
        """Let go of the first batch.

        Args:
            batch: the first one.
            refused: why the aggregator will never take it; the lines are then counted as dropped.
        """
        with self._room:
            self.batches.popleft()
            self._batches_bytes -= len(batch.body)
            if refused is not None:
                self._drop(refused, batch.lines)

    def _drop(self, reason: str, records: int) -> None:
        self.dropped[reason] += records
        self._untold[reason] += records
