"""Exceptions that nobody caught, and warnings, brought into the same stream."""

import sys
import threading
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from ha_ingestor_logging.entry import Emitter
from ha_ingestor_logging.levels import CRITICAL, ERROR, WARNING
from ha_ingestor_logging.message import safe_repr


class UncaughtExceptions:
    """Takes Python's three hooks for exceptions that nobody caught.

    Hooks that somebody else has put there are called as before. Python's own, which write to standard
    error, are called only where people would otherwise not see the exception.

    Args:
        emitter: finds the emitter for a logger's name.
        is_seen: whether lines appear where the program is watched.
    """

    def __init__(self, emitter: Callable[[str], Emitter], is_seen: Callable[[], bool]) -> None:
        self._emitter = emitter
        self._is_seen = is_seen
        self._hooks = (self._uncaught, self._uncaught_in_thread, self._unraisable)
        self._before: tuple[Any, Any, Any] | None = None

    def install(self) -> None:
        """Take the hooks."""
        if self._before is None:
            self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks

    def remove(self) -> None:
        """Give the hooks back, except those that somebody has taken since and may chain to these."""
        if self._before is None:
            return
        if sys.excepthook == self._uncaught:
            sys.excepthook = self._before[0]
        if threading.excepthook == self._uncaught_in_thread:
            threading.excepthook = self._before[1]
        if sys.unraisablehook == self._unraisable:
            sys.unraisablehook = self._before[2]
        self._before = None

    def _uncaught(self, kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        # Ctrl-C is how people end programs.
        if not issubclass(kind, KeyboardInterrupt):
            self._log(CRITICAL, "uncaught exception", (kind, value, trace))
        previous = self._before[0] if self._before else sys.__excepthook__
        if previous is not sys.__excepthook__ or issubclass(kind, KeyboardInterrupt) or not self._is_seen():
            previous(kind, value, trace)

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs, /) -> None:
        previous = self._before[1] if self._before else threading.__excepthook__
        if not issubclass(args.exc_type, SystemExit):
            thread = args.thread.name if args.thread is not None else None
            exc_info = (args.exc_type, args.exc_value, args.exc_traceback)
            self._log(ERROR, "uncaught exception in a thread", exc_info, thread=thread)
        if previous is not threading.__excepthook__ or not self._is_seen():
            previous(args)

    def _unraisable(self, args: "sys.UnraisableHookArgs", /) -> None:
        previous = self._before[2] if self._before else sys.__unraisablehook__
        exc_info = (args.exc_type, args.exc_value, args.exc_traceback)
        # The object may be about to vanish; only its text may be kept.
        where = None if args.object is None else safe_repr(args.object)
        self._log(ERROR, args.err_msg or "exception that could not be raised", exc_info, object=where)
        if previous is not sys.__unraisablehook__ or not self._is_seen():
            previous(args)

    def _log(self, level: int, message: str, exc_info: object, **fields: Any) -> None:
        emitter = self._emitter("uncaught")
        if emitter.threshold <= level:
            known = {name: value for name, value in fields.items() if value is not None}
            emitter.emit(level, {}, message, (), {"exc_info": exc_info, **known})


class Warnings:
    """Logs what ``warnings.warn`` would write to standard error, with its place as fields.

    Args:
        emitter: finds the emitter for a logger's name.
        is_seen: whether lines appear where the program is watched.
    """

    def __init__(self, emitter: Callable[[str], Emitter], is_seen: Callable[[], bool]) -> None:
        self._emitter = emitter
        self._is_seen = is_seen
        self._before: Any = None

    def install(self) -> None:
        """Take the function that shows warnings."""
        if self._before is None:
            self._before = warnings.showwarning
            warnings.showwarning = self._show

    def remove(self) -> None:
        """Give it back, unless somebody has taken it since."""
        if warnings.showwarning == self._show:
            warnings.showwarning = self._before
        self._before = None

    def _show(  # noqa: PLR0913, PLR0917 - the arguments of warnings.showwarning
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        emitter = self._emitter("py.warnings")
        if file is None and emitter.threshold <= WARNING:
            fields = {"category": category.__qualname__, "filename": filename, "lineno": lineno}
            emitter.emit(WARNING, {}, str(message), (), fields)
        if self._before is not None and (file is not None or not self._is_seen()):
            self._before(message, category, filename, lineno, file, line)
