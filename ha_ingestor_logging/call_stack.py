"""Where a log call was made, as text."""

import sys
import traceback
from typing import Final

_LOGGING_PACKAGES: Final = frozenset({"ha_ingestor_logging", "structlog"})


def call_stack() -> str:
    """The calls that led to the log call, as the standard library's logging shows them.

    To be asked in the caller's thread. What the logging packages do is left out.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - as logging finds its caller
    while frame.f_back is not None and _package(frame.f_globals) in _LOGGING_PACKAGES:
        frame = frame.f_back
    return "Stack (most recent call last):\n" + "".join(traceback.format_stack(frame)).rstrip("\n")


def _package(module: dict[str, object]) -> str:
    return str(module.get("__name__", "")).partition(".")[0]
