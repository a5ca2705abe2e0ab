"""A format of lines of text: a pattern, and the JSON that each line of it becomes.

A pattern is applied to all lines of a batch at once, and rewrites those it matches inside the regex engine.
It sees text in which quotation marks and backslashes are escaped already, as in JSON; so what has a bare
quotation mark in it was rewritten, and no pattern can take it for text.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from aggregator.record.text.shapes import Shape

COLOURS: Final = rb"(?:\x1b\[[0-9;]*+m)*+"
"""Changes of colour on a terminal: ECMA-48's Select Graphic Rendition."""

DATE: Final = rb"\d{4}-\d\d-\d\d"
CLOCK: Final = rb"\d\d:\d\d:\d\d(?:[.,]\d{1,9}+)?+"
ZONE: Final = rb"(?:Z|[+-]\d\d:?+\d\d)"
LOCAL_TIME: Final = rb"(?P<local_time>" + DATE + rb"[ T]" + CLOCK + rb")"
TIME: Final = rb"(?:(?P<time>" + DATE + rb"[ T]" + CLOCK + ZONE + rb")|" + LOCAL_TIME + rb")"
"""A time with its zone, else one without."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH: Final = rb"(?P<_month>" + "|".join(_MONTHS).encode() + rb")"
_NAMED_MONTH: Final = b'""@'
"""Goes before the name of a month in a rewritten line; nothing else there has this in it."""

_MONTH_NUMBERS: Final = {
    _NAMED_MONTH + name.encode(): f"{number:02}".encode() for number, name in enumerate(_MONTHS, 1)
}
SLASHED_TIME: Final = rb"(?P<_year>\d{4})/(?P<_month_number>\d\d)/(?P<_day>\d\d) (?P<_clock>" + CLOCK + rb")"
UNSLASHED: Final = r"\g<_year>-\g<_month_number>-\g<_day> \g<_clock>"

MESSAGE: Final = rb"(?P<message>.*+)"
DOTTED: Final = (
    rb"(?P<logger>AppDaemon|(?:[A-Z][A-Z0-9]++|[A-Z][A-Z0-9]*+(?:-[A-Z0-9]++)++)(?=:)|"
    rb"[A-Za-z_$][\w$/-]*+(?:(?:\.|::|_)[\w$/-]*+)++)"
)  # fmt: skip
"""A logger's name that can't be a word of the message."""


def _any_case(names: Iterable[str]) -> bytes:
    """Match names in capitals, in small letters, or with one capital."""
    ends: dict[str, list[str]] = {}
    # The longer first, as one name may be the beginning of another.
    for name in sorted(names, key=len, reverse=True):
        ends.setdefault(name[0], []).append(f"{name[1:]}|{name[1:].lower()}")
    # By their first letter, so that few of them are tried.
    return "|".join(
        f"[{first}{first.lower()}](?:{'|'.join(rests)})" for first, rests in ends.items()
    ).encode()


_LEVELS: Final = [
    "TRACE",
    "TRC",
    "VERBOSE",
    "DEBUG",
    "DBG",
    "INFO",
    "INF",
    "INFORMATION",
    "NOTICE",
    "WARNING",
    "WARN",
    "WRN",
    "ERROR",
    "ERR",
    "SEVERE",
    "CRITICAL",
    "CRIT",
    "FATAL",
    "FTL",
    "EMERG",
    "PANIC",
    "DPANIC",
]
"""Names of levels that mean little else, so that they are known wherever their place says what they are."""


def level(*more: str) -> bytes:
    """Match a level by one of these names, or of some that only a format uses."""
    return rb"(?P<level>" + _any_case([*_LEVELS, *more]) + rb")"


LEVEL: Final = level()
_CAPITALS: Final = "|".join(sorted(_LEVELS, key=len, reverse=True)).encode()
CAPITALS: Final = rb"(?P<level>" + _CAPITALS + rb")"
SET_OFF: Final = (
    rb"(?P<level>" + _CAPITALS + rb"|(?:" + _any_case(_LEVELS) + rb")(?=" + COLOURS + rb"[:\]]))"
)  # fmt: skip
"""A level in capitals, or one that something follows; in small letters alone it may begin a sentence."""


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How some programs write their lines.

    Args:
        shapes: how a line may begin.
        needs: bytes that are in each line; where a batch has them nowhere, it is not looked through.
        pattern: matches a line and the newline before it.
        template: the JSON that replaces both.
        replaced: what is put right afterwards: fields that a line did not have, and levels.
    """

    shapes: frozenset[Shape]
    needs: bytes
    pattern: re.Pattern[bytes]
    template: bytes
    replaced: tuple[tuple[bytes, bytes], ...]

    def spelling(self, **levels: str) -> "TextFormat":
        """Return the same format with spellings of levels that only it has, each with a known one."""
        spelled = [
            (f'"level":"{name}"'.encode(), f'"level":"{level}"'.encode()) for name, level in levels.items()
        ]
        return replace(self, replaced=(*self.replaced, *spelled))

    def rewrite(self, lines: bytes) -> tuple[bytes, int]:
        """Rewrite the lines of this format to JSON objects.

        Args:
            lines: escaped text, each line with a newline before it.

        Returns:
            All lines, and how many were rewritten.
        """
        rewritten, count = self.pattern.subn(self.template, lines)
        if count:
            for written, right in self.replaced:
                rewritten = rewritten.replace(written, right)
            while (month := rewritten.find(_NAMED_MONTH)) >= 0:
                name = rewritten[month : month + len(_NAMED_MONTH) + 3]
                rewritten = rewritten.replace(name, _MONTH_NUMBERS[name])
        return rewritten, count


def text_format(
    shapes: Collection[Shape],
    pattern: bytes,
    *,
    needs: bytes = b"",
    numbers: str = "",
    optional: str = "",
    **composed: str,
) -> TextFormat:
    """Describe a format.

    Args:
        shapes: how a line may begin; none that the pattern matches may be left out.
        pattern: the whole line; its named groups become the fields of those names, but for groups whose names
            begin with an underscore. It must be linear: what is repeated can match in one way only.
        needs: bytes that are in each line, as escaped.
        numbers: fields that are numbers, parted by spaces.
        optional: fields that a line may lack, parted by spaces; of two times it always lacks one.
        composed: fields made from several groups, as templates.
    """
    compiled = re.compile(rb"\n" + COLOURS + pattern)
    values = {name: rf"\g<{name}>" for name in compiled.groupindex if not name.startswith("_")} | composed
    values = {name: value.replace(r"\g<_month>", r'""@\g<_month>') for name, value in values.items()}
    message = values.pop("message")
    marks = {name: "" if name in numbers.split() else '"' for name in values}
    template = "".join(f'"{name}":{mark}{values[name]}{mark},' for name, mark in marks.items())
    absent = optional.split() + (["time", "local_time"] if {"time", "local_time"} <= values.keys() else [])
    replaced = [(f'"{name}":{marks[name]}{marks[name]},', "") for name in absent]
    return TextFormat(
        frozenset(shapes),
        needs,
        compiled,
        rf'\n{{{template}"message":"{message}"}}'.encode(),
        tuple((written.encode(), right.encode()) for written, right in replaced),
    )
