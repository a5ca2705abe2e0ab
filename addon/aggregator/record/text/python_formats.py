"""Formats of Python's `logging` in the ways that programs set it up, and of libraries beside it."""

from typing import Final

from aggregator.record.text.shapes import Shape
from aggregator.record.text.text_format import (
    CAPITALS,
    CLOCK,
    COLOURS,
    DATE,
    LEVEL,
    LOCAL_TIME,
    MESSAGE,
    TIME,
    level,
    text_format,
)

_NAMES: Final = rb"DEBUG|INFO|WARNING|ERROR|CRITICAL"
_NAME: Final = rb"(?P<logger>[^\s:|\[\]]++)"

_COLON: Final = COLOURS + rb":" + COLOURS

BASIC: Final = text_format({Shape.CAPITAL}, rb"(?P<level>" + _NAMES + rb"):(?P<logger>[^\s:]++):" + MESSAGE)
"""`logging.basicConfig`: `WARNING:root:message`."""

DASHES: Final = text_format(
    {Shape.DATE},
    TIME + rb" ++- ++" + _NAME + rb" ++- ++" + LEVEL + rb" ++- ++" + MESSAGE,
    needs=b" - ",
)
"""As Python's documentation shows it: `2026-11-23 10:00:00,123 - name - ERROR - message`."""

LEVEL_DASHES: Final = text_format(
    {Shape.DATE},
    TIME + rb" ++- ++" + LEVEL + rb"(?: ++-|:) ++" + MESSAGE,
    needs=b" - ",
)
"""The same without a logger; ioBroker has a colon."""

LOGURU: Final = text_format(
    {Shape.DATE},
    TIME + COLOURS + rb" \| " + COLOURS + level("SUCCESS") + rb" *+" + COLOURS + rb" *+\| " + COLOURS +
    rb"(?:(?P<logger>[\w.<>]++)" + _COLON + rb"(?P<function>[\w<>]++)" + _COLON +
    rb"(?P<lineno>[1-9]\d{0,6}+)" + COLOURS + rb" - " + COLOURS + rb")?+" + MESSAGE,
    numbers="lineno",
    needs=b"| ",
    optional="logger function lineno",
)  # fmt: skip
"""loguru: `2026-11-23 10:00:00.123 | INFO     | module:function:12 - message`."""

UVICORN: Final = text_format(
    {Shape.CAPITAL}, rb"(?P<level>TRACE|" + _NAMES + rb")" + COLOURS + rb":" + COLOURS + rb" {1,5}+" + MESSAGE
)
"""uvicorn: `INFO:     message`; so do others that name a level in capitals first."""

GUNICORN: Final = text_format(
    {Shape.DATE_IN_BRACKETS},
    rb"\[(?P<_date>" + DATE + rb") (?P<_clock>" + CLOCK + rb") (?P<_zone>[+-]\d{4})\] "
    rb"\[(?P<process>\d{1,10})\] \[" + LEVEL + rb"\] " + MESSAGE,
    time=r"\g<_date>T\g<_clock>\g<_zone>",
    needs=b"] [",
)  # fmt: skip
"""gunicorn: `[2026-11-23 10:00:00 +0000] [7] [INFO] message`."""

FLASK: Final = text_format(
    {Shape.DATE_IN_BRACKETS},
    rb"\[" + LOCAL_TIME + rb"\] " + LEVEL + rb" in (?P<logger>[\w.]++): " + MESSAGE,
    needs=b" in ",
)
"""Flask: `[2026-11-23 10:00:00,123] ERROR in app: message`."""

NAME_FIRST: Final = text_format(
    {Shape.DATE_IN_BRACKETS},
    rb"\[" + LOCAL_TIME + rb"\] " + _NAME + rb" ++" + CAPITALS + rb" *+: " + MESSAGE,
    needs=b": ",
)
"""Frigate: `[2026-11-23 10:00:00] frigate.app INFO : message`."""

TORNADO: Final = text_format(
    {Shape.BRACKET},
    rb"\[(?P<level>[DIWEC]) (?P<local_time>(?:\d{6} |" + DATE + rb" )?" + CLOCK +
    rb")(?: (?P<caller>[^\s\[\]]++))?\] " + MESSAGE,
    needs=b"] ",
    optional="caller",
).spelling(C="CRITICAL")  # fmt: skip
"""Tornado and Jupyter: `[I 2026-11-23 10:00:00.123 ServerApp] message`."""

PYTHON_FORMATS: Final = (
    BASIC,
    DASHES,
    LEVEL_DASHES,
    LOGURU,
    UVICORN,
    GUNICORN,
    FLASK,
    NAME_FIRST,
    TORNADO,
)
