"""What a log call leaves behind for the background thread."""

import sys
from collections.abc import Callable, Mapping
from contextvars import Context, copy_context
from itertools import islice
from time import time_ns
from types import TracebackType
from typing import Any, Final, TypeAlias

from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.call_stack import call_stack
from ha_ingestor_logging.flush import FlushMarker

ExceptionInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

# A plain tuple, because anything nicer would cost the caller as much as the rest of the call:
# time in ns since 1970, level, logger's name, the caller's context, the logger's bound fields,
# the event, the arguments for its % placeholders, the call's own fields.
Entry: TypeAlias = tuple[
    int, int, str, Context, Mapping[str, Any], object, tuple[object, ...], dict[str, Any]
]

# Entries, and the lines of those that were rendered where they were logged.
EntryQueue: TypeAlias = BoundedQueue[Entry | bytes | FlushMarker]

# What an entry and each of its fields hold in memory at least, roughly.
_ENTRY_BYTES: Final = 600
_FIELD_BYTES: Final = 100
# What a rendered line holds besides its text.
_LINE_BYTES: Final = 150

# What one element of a text holds besides.
_CHARACTER_BYTES: Final[dict[type, int]] = {str: 1, bytes: 1, bytearray: 1}
_CONTAINERS: Final = frozenset({list, tuple, set, frozenset, dict})
# A large value is mostly many of the same, so a few elements tell for all; two levels of them, since
# looking at everything would cost the caller more than the bound is worth.
_SAMPLE_ELEMENTS: Final = 8
_SAMPLE_DEPTH: Final = 2


class Emitter:
    """Puts the entries of all loggers of one name into the process's queue.

    Args:
        name: the loggers' name.
        queue: the process's queue.
        threshold: the lowest level that is taken.
        render: renders an entry where it is logged, if it can; asked while the writer doesn't keep up,
            so that callers who would outrun it take their share of the work.
    """

    __slots__ = ("_queue", "_render", "name", "threshold")

    def __init__(
        self,
        name: str,
        queue: EntryQueue,
        threshold: int,
        render: Callable[[Entry], bytes | None] = lambda _: None,
    ) -> None:
        self.name = name
        self._queue = queue
        self._render = render
        self.threshold = threshold

    def emit(
        self,
        level: int,
        bound: Mapping[str, Any],
        event: object,
        args: tuple[object, ...],
        fields: dict[str, Any],
    ) -> None:
        """Stamp the time, take a snapshot of the context and queue the entry.

        Values are kept as they are and rendered later: a list that the caller changes right after
        the call may show the change.

        Args:
            level: one of the six levels.
            bound: the logger's own fields, never changed after this call.
            event: the message, or what ``str`` makes one from.
            args: arguments for the message's % placeholders.
            fields: the call's fields; becomes the queue's.
        """
        # An exception's traceback can't be found from another thread; its text can be made there.
        if "exc_info" in fields:
            meant = fields["exc_info"]
            fields["exc_info"] = resolve_exception(meant)
            if isinstance(meant, str):
                fields["exc_info_"] = meant
        # Nor can the calls that led here.
        if "stack_info" in fields and (given := fields.pop("stack_info")):
            fields["stack"] = given if isinstance(given, str) else call_stack()
        size_bytes = _ENTRY_BYTES
        if type(event) is str:
            size_bytes += len(event)
        for value in (*args, *fields.values()):
            kind = type(value)
            if kind in _CHARACTER_BYTES:
                size_bytes += len(value)
            elif kind in _CONTAINERS:
                size_bytes += _container_bytes(value, _SAMPLE_DEPTH)
            size_bytes += _FIELD_BYTES
        entry = (time_ns(), level, self.name, copy_context(), bound, event, args, fields)
        if self._queue.is_crowded and (line := self._render(entry)) is not None:
            self._queue.put(line, level, len(line) + _LINE_BYTES)
        else:
            self._queue.put(entry, level, size_bytes)


def _container_bytes(value: Any, depth: int) -> int:
    """What the elements of a container hold, judged by a few of them."""
    length = len(value)
    try:
        elements = list(islice(value.values() if type(value) is dict else value, _SAMPLE_ELEMENTS))
    except RuntimeError:
        return length * _FIELD_BYTES  # another thread changes it
    if not elements:
        return 0
    sampled_bytes = 0
    for element in elements:
        sampled_bytes += 2 * _FIELD_BYTES
        if type(element) in _CHARACTER_BYTES:
            sampled_bytes += len(element)
        elif depth > 1 and type(element) in _CONTAINERS:
            sampled_bytes += _container_bytes(element, depth - 1)
    return sampled_bytes * length // len(elements)


def resolve_exception(exc_info: object) -> ExceptionInfo | None:
    """The exception that an ``exc_info`` argument means.

    Args:
        exc_info: an exception, a tuple as ``sys.exc_info`` returns it, or true for the one being handled.
    """
    if isinstance(exc_info, BaseException):
        return type(exc_info), exc_info, exc_info.__traceback__
    resolved = exc_info if isinstance(exc_info, tuple) else sys.exc_info() if exc_info else None
    match resolved:
        case (type() as kind, BaseException() as value, traceback):
            return kind, value, traceback
    return None
