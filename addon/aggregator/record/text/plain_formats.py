"""Formats in which a level stands before the message in a place that many programs agree on."""

from typing import Final

from aggregator.record.text.shapes import Shape
from aggregator.record.text.text_format import (
    CLOCK,
    COLOURS,
    DATE,
    DOTTED,
    LEVEL,
    MESSAGE,
    SET_OFF,
    TIME,
    ZONE,
    text_format,
)

TIME_AND_LEVEL: Final = text_format(
    {Shape.DATE},
    TIME + COLOURS + rb"[ \t]{1,8}+" + COLOURS +
    SET_OFF + COLOURS + rb":?+[ \t]{1,8}+"
    rb"(?:\[(?P<_in_brackets>[\w.$/:-]++)\]:?+ ++|" + DOTTED + rb": ++)?+" + MESSAGE,
    logger=r"\g<_in_brackets>\g<logger>",
    optional="logger",
)  # fmt: skip
"""A time, then a level: `2026-11-23T10:00:00Z ERROR package.module: message`."""

TIME_AND_BRACKETS: Final = text_format(
    {Shape.DATE},
    TIME + COLOURS + rb" *+\[" + COLOURS + LEVEL + rb" *+" + COLOURS + rb"\]:?+ " + COLOURS +
    rb" *+(?:\[(?P<_in_brackets>[\w.$/:-]++)\]:?+ ++|" + DOTTED + rb": ++)?+" + MESSAGE,
    logger=r"\g<_in_brackets>\g<logger>",
    needs=b"[",
    optional="logger",
)  # fmt: skip
"""A time, then a level in brackets, as structlog: `2026-11-23 10:00:00 [error    ] message  key=value`."""

BRACKETS: Final = text_format(
    {Shape.DATE_IN_BRACKETS},
    rb"\[" + TIME + rb"\] *+\[?+" + SET_OFF + rb"\]?+:?+ ++"
    rb"(?:\[(?P<logger>[\w.-]++)\]:?+ ++)?+" + MESSAGE,
    optional="logger",
)  # fmt: skip
"""A time in brackets, then a level: `[2026-11-23 10:00:00] [INFO] message`."""

LEVEL_IN_BRACKETS: Final = text_format(
    {Shape.BRACKET}, rb"\[" + COLOURS + LEVEL + COLOURS + rb" *+\]:?+ ++" + MESSAGE, needs=b"]"
)
"""Nothing but a level: `[INFO] message`."""

CONTAINER: Final = text_format(
    {Shape.DATE},
    rb"(?P<time>" + DATE + rb"T" + CLOCK + ZONE + rb") (?P<stream>stdout|stderr) [FP] " + MESSAGE,
    needs=b" std",
)
"""Files of container runtimes: `2026-11-23T10:00:00.123456789Z stdout F message`."""

TIME_ONLY: Final = text_format(
    {Shape.DATE}, rb"(?P<time>" + DATE + rb"[ T]" + CLOCK + ZONE + rb") ++" + MESSAGE
)
"""Nothing but a time, which tells its zone: `2026-11-23T10:00:00Z message`."""

LEVEL_FORMATS: Final = (TIME_AND_LEVEL, TIME_AND_BRACKETS, BRACKETS, LEVEL_IN_BRACKETS)
"""Those that tell a level."""

TIME_FORMATS: Final = (CONTAINER, TIME_ONLY)
"""Those that tell a time alone, which others begin with too."""
