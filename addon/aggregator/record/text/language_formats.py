"""Formats of the logging libraries of Java, Go, Node.js and Rust."""

from typing import Final

from aggregator.record.text.shapes import Shape
from aggregator.record.text.text_format import (
    CAPITALS,
    CLOCK,
    COLOURS,
    DATE,
    LEVEL,
    MESSAGE,
    SLASHED_TIME,
    TIME,
    UNSLASHED,
    text_format,
)

_CLASS: Final = rb"(?P<logger>[\w.$\[\]/-]++)"
_THREAD: Final = rb"\[ *+(?P<thread>[^\[\]\n]++)\]"

SPRING: Final = text_format(
    {Shape.DATE},
    TIME + rb" ++" + LEVEL + rb" (?P<process>\d{1,10}) --- "
    rb"(?:\[(?P<application>[^\[\]\n]*+)\] )?+" + _THREAD + rb" " + _CLASS + rb" *+: " + MESSAGE,
    needs=b" --- ",
    optional="application",
)  # fmt: skip
"""Spring Boot: `2026-11-23T10:00:00.123+01:00  INFO 7 --- [main] c.e.Main : message`."""

OPENHAB: Final = text_format(
    {Shape.DATE},
    TIME + rb" \[" + LEVEL + rb" *+\] \[ *+(?P<logger>[^\s\[\]]++) *+\] ++- " + MESSAGE,
    needs=b"] ",
)
"""openHAB: `2026-11-23 10:00:00.123 [INFO ] [openhab.event] - message`."""

_LOCAL_CLOCK: Final = rb"(?:" + TIME + rb"|(?P<_clock>" + CLOCK + rb"))"
_EITHER_CLOCK: Final = r"\g<local_time>\g<_clock>"

LOGBACK: Final = text_format(
    {Shape.DATE, Shape.CLOCK},
    _LOCAL_CLOCK + rb" " + _THREAD + rb" ++" + LEVEL + rb" ++" + _CLASS + rb" ++--?+ " + MESSAGE,
    local_time=_EITHER_CLOCK,
    needs=b"] ",
)
"""Logback and Log4j: `10:00:00.123 [main] INFO  com.example.Main - message`."""

LOG4J: Final = text_format(
    {Shape.DATE},
    TIME + rb" ++" + LEVEL + rb" ++" + _THREAD + rb" ++" + _CLASS + rb"(?: ++-|:) ++" + MESSAGE,
    needs=b" [",
)
"""Log4j: `2026-11-23 10:00:00,123 INFO  [main] com.example.Main: message`."""

LOG4J_CLASS: Final = text_format(
    {Shape.DATE},
    TIME + rb" ++" + LEVEL + rb" ++(?P<logger>[\w$]++(?:\.[\w$]++)++) ++- ++" + MESSAGE,
    needs=b" - ",
)
"""Log4j without a thread: `2026-11-23 10:00:00,123 INFO com.example.Main - message`."""

KLOG: Final = text_format(
    {Shape.CAPITAL},
    rb"(?P<level>[IWEF])(?P<_month_number>\d\d)(?P<_day>\d\d) (?P<_clock>" + CLOCK + rb") ++"
    rb"(?P<process>\d{1,10}) (?P<caller>[^\s\]:]++:\d{1,6})\] " + MESSAGE,
    local_time=r"\g<_month_number>-\g<_day> \g<_clock>",
    needs=b"] ",
)  # fmt: skip
"""klog and glog: `I1123 10:00:00.123456    7 main.go:12] message`."""

GO: Final = text_format(
    {Shape.SLASHED_DATE},
    SLASHED_TIME + rb" (?:(?P<level>DEBUG|INFO|WARN|ERROR) )?+" + MESSAGE,
    local_time=UNSLASHED,
    optional="level",
)
"""Go's `log`, and `slog` without a handler: `2026/11/23 10:00:00 INFO message key=value`."""

LOGRUS: Final = text_format(
    {Shape.CAPITAL},
    rb"(?P<level>TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)" + COLOURS + rb"\[(?P<elapsed_s>\d{4,10})\] " + MESSAGE,
).spelling(TRAC="TRACE", DEBU="DEBUG", ERRO="ERROR", FATA="FATAL", PANI="PANIC")
"""logrus on a terminal: `INFO[0003] message  key=value`."""

ZAP: Final = text_format(
    {Shape.DATE},
    TIME + rb"\t" + COLOURS + LEVEL + COLOURS + rb"\t(?:(?P<logger>[\w./-]++)\t(?!\{))?+"
    rb"(?:(?P<caller>[\w./@+-]++:\d{1,6})\t)?+" + MESSAGE,
    needs=b"\t",
    optional="logger caller",
)  # fmt: skip
"""zap on a console: time, level, logger, caller and message, parted by tabs."""

ZEROLOG_CLOCK: Final = text_format(
    {Shape.CLOCK},
    rb"(?P<local_time>" + CLOCK + rb")" + COLOURS + rb" " + COLOURS + CAPITALS + COLOURS +
    rb" (?:\[(?P<logger>[\w.-]++)\] )?+" + MESSAGE,
    optional="logger",
)  # fmt: skip
"""zerolog on a console, as go2rtc: `10:00:00.123 INF [api] message`."""

_PINO: Final = (
    COLOURS + LEVEL + COLOURS +
    rb" \((?:(?P<logger>[^()\s/]++)/)?(?P<process>\d{1,10})(?: on (?P<hostname>[^()\s]++))?\): " +
    COLOURS + MESSAGE
)  # fmt: skip

PINO_PRETTY: Final = text_format(
    {Shape.CLOCK_IN_BRACKETS},
    rb"\[(?P<local_time>" + CLOCK + rb")\] " + _PINO,
    needs=b"): ",
    optional="logger hostname",
)
"""pino-pretty: `[10:00:00.123] INFO (api/7): message`."""

PINO_PRETTY_ZONED: Final = text_format(
    {Shape.DATE_IN_BRACKETS},
    rb"\[(?P<_date>" + DATE + rb") (?P<_clock>" + CLOCK + rb") (?P<_zone>[+-]\d{4})\] " + _PINO,
    time=r"\g<_date>T\g<_clock>\g<_zone>",
    needs=b"): ",
    optional="logger hostname",
)
"""pino-pretty with the whole time: `[2026-11-23 10:00:00.123 +0100] INFO (api/7): message`."""

WINSTON: Final = text_format(
    {Shape.LETTER},
    COLOURS + rb"(?P<level>error|warning|warn|info|verbose|debug|fatal|trace)" + COLOURS + rb": ++" + MESSAGE,
)
"""winston's simple format, and others that name a level in small letters first: `info: message`."""

ENV_LOGGER: Final = text_format(
    {Shape.DATE_IN_BRACKETS},
    rb"\[" + TIME + rb" " + LEVEL + rb" ++(?P<logger>[\w:.-]++)\] " + MESSAGE,
    needs=b"] ",
)
"""Rust's env_logger: `[2026-11-23T10:00:00Z INFO  app::module] message`."""

LANGUAGE_FORMATS: Final = (
    SPRING,
    OPENHAB,
    LOGBACK,
    LOG4J,
    LOG4J_CLASS,
    KLOG,
    LOGRUS,
    ZAP,
    ZEROLOG_CLOCK,
    PINO_PRETTY,
    PINO_PRETTY_ZONED,
    WINSTON,
    ENV_LOGGER,
)
LANGUAGE_FORMATS_WITHOUT_LEVEL: Final = (GO,)
"""Those that lines of others begin like."""
