"""Formats of web servers, brokers and databases."""

from typing import Final

from aggregator.record.text.shapes import Shape
from aggregator.record.text.text_format import (
    CLOCK,
    DATE,
    LOCAL_TIME,
    MESSAGE,
    MONTH,
    SLASHED_TIME,
    UNSLASHED,
    level,
    text_format,
)

_IN_QUOTES: Final = rb"[^\\\n]*+(?:\\\\(?:\\[\"\\]|[^\\\n])[^\\\n]*+)*+"
"""What stands between quotation marks, once these and backslashes are escaped."""

_REQUEST: Final = (
    rb"(?P<client>[0-9A-Fa-f.:]++) - (?:-|(?P<user>[^\s\\]++)) "
    rb"\[(?P<_day>\d\d)/" + MONTH + rb"/(?P<_year>\d{4}):(?P<_clock>" + CLOCK + rb") (?P<_zone>[+-]\d{4})\] "
    rb'\\"(?P<message>(?:(?P<method>[A-Z]{1,20}+) (?P<path>[^\s\\]++) HTTP/[\d.]++ ?+(?=\\")|'
    + _IN_QUOTES + rb'))\\" (?P<status>[1-5]\d\d) (?:-|(?P<bytes>0|[1-9]\d{0,14}+))'
)  # fmt: skip
_READER: Final = (
    rb' \\"(?:-|(?P<referer>' + _IN_QUOTES + rb'))\\" \\"(?:-|(?P<user_agent>' + _IN_QUOTES + rb'))\\"'
)  # fmt: skip
_REQUEST_TIME: Final = r"\g<_year>-\g<_month>-\g<_day>T\g<_clock>\g<_zone>"
_NO_REQUEST: Final = "user method path bytes"
_SHAPES: Final = {Shape.NUMBER, Shape.CLOCK, Shape.CAPITAL, Shape.LETTER, Shape.OTHER}

COMBINED: Final = text_format(
    _SHAPES,
    _REQUEST + _READER + rb"(?=\n|\Z)",
    numbers="status bytes",
    optional=f"{_NO_REQUEST} referer user_agent",
    needs=rb"] \"",
    time=_REQUEST_TIME,
)
"""NGINX and Apache, in the combined log format."""

ACCESS: Final = text_format(
    {*_SHAPES, Shape.BRACKET},
    rb"(?:\[(?P<logger>httpd)\] )?+"
    + _REQUEST
    + rb"(?:"
    + _READER
    + rb")?+(?: (?P<more>[^\n]++))?+(?=\n|\Z)",
    numbers="status bytes",
    optional=f"{_NO_REQUEST} referer user_agent logger more",
    needs=rb"] \"",
    time=_REQUEST_TIME,
)
"""The same with less, as in the common log format, or with more, as of InfluxDB 1."""

PROXY_MANAGER: Final = text_format(
    {Shape.BRACKET},
    rb"\[(?P<_day>\d\d)/" + MONTH + rb"/(?P<_year>\d{4}):(?P<_clock>" + CLOCK + rb") (?P<_zone>[+-]\d{4})\] "
    + MESSAGE,
    needs=b"] ",
    time=_REQUEST_TIME,
)  # fmt: skip
"""Nginx Proxy Manager, and what else begins with such a time."""

NGINX_ERROR: Final = text_format(
    {Shape.SLASHED_DATE},
    SLASHED_TIME + rb" \[" + level("ALERT") + rb"\] (?:(?P<process>\d{1,10}#\d{1,10}): )?+" + MESSAGE,
    local_time=UNSLASHED,
    needs=b" [",
    optional="process",
)
"""NGINX's errors, and AdGuard Home: `2026/11/23 10:00:00 [error] 29#29: *1 message`."""

APACHE_ERROR: Final = text_format(
    {Shape.BRACKET},
    rb"\[[A-Z][a-z]{2} " + MONTH + rb" (?P<_day>\d\d) (?P<_clock>" + CLOCK + rb") (?P<_year>\d{4})\] "
    rb"\[(?:(?P<logger>\w*+):)?+" + level("ALERT") +
    rb"\] (?:\[pid (?P<process>\d{1,10}(?::tid \d{1,20})?)\] )?+" + MESSAGE,
    local_time=r"\g<_year>-\g<_month>-\g<_day> \g<_clock>",
    needs=b"] [",
    optional="logger process",
)  # fmt: skip
"""Apache's errors: `[Mon Nov 23 10:00:00.123456 2026] [core:error] [pid 12:tid 34] message`."""

MOSQUITTO: Final = text_format(
    {Shape.DATE, Shape.NUMBER},
    rb"(?:(?P<time>1\d{9})|" + LOCAL_TIME + rb"): (?:(?P<level>Error|Warning): )?+" + MESSAGE,
    needs=b": ",
    optional="level",
)
"""Mosquitto: `1795428000: message`, or with a readable time."""

MARIADB: Final = text_format(
    {Shape.DATE},
    rb"(?:(?P<time>" + DATE + rb"T" + CLOCK + rb"Z)|(?P<local_time>" + DATE + rb" {1,2}+\d{1,2}:\d\d:\d\d)) "
    rb"(?P<thread>\d{1,10}) \[" + level("NOTE") + rb"\] (?:(?P<logger>InnoDB|WSREP|Plugin): )?+" + MESSAGE,
    needs=b" [",
    optional="logger",
)  # fmt: skip
"""MariaDB and MySQL: `2026-11-23 10:00:00 0 [Note] InnoDB: message`."""

POSTGRES: Final = text_format(
    {Shape.DATE},
    rb"(?P<_date>" + DATE + rb") (?P<_clock>" + CLOCK + rb") UTC \[(?P<process>\d{1,10})\] (?:[^\s:]++ )?+"
    rb"(?P<level>LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DEBUG[1-5]?): ++" + MESSAGE,
    time=r"\g<_date>T\g<_clock>Z",
    needs=b" UTC [",
).spelling(**{f"DEBUG{number}": "DEBUG" for number in range(1, 6)})  # fmt: skip
"""PostgreSQL, as its container has it: `2026-11-23 10:00:00.123 UTC [12] LOG:  message`."""

SERVER_FORMATS: Final = (
    COMBINED,
    ACCESS,
    PROXY_MANAGER,
    NGINX_ERROR,
    APACHE_ERROR,
    MARIADB,
    MOSQUITTO,
    POSTGRES,
)
