"""Formats of Home Assistant, of the apps it runs, and of what speaks to it."""

from typing import Final

from aggregator.record.text.shapes import Shape
from aggregator.record.text.text_format import (
    CAPITALS,
    CLOCK,
    COLOURS,
    DATE,
    LEVEL,
    MESSAGE,
    TIME,
    text_format,
)

_LOGGER: Final = rb" \[(?P<logger>[^\[\]\n]++)\] "
_THREAD: Final = rb"\((?P<thread>[^()\n]*+(?:\([^()\n]*+\)[^()\n]*+)*+)\)"

CORE: Final = text_format(
    {Shape.DATE},
    rb"(?P<local_time>" + DATE + rb" " + CLOCK + rb") " + LEVEL + rb" " + _THREAD +
    _LOGGER + MESSAGE,
    needs=b") [",
)  # fmt: skip
"""Home Assistant Core: `2026-11-23 10:00:00.123 ERROR (MainThread) [homeassistant.core] message`."""

WITHOUT_TIME: Final = text_format(
    {Shape.CAPITAL},
    CAPITALS + rb" " + _THREAD + _LOGGER + MESSAGE,
    needs=b") [",
)
"""The same where something else has the time."""

SUPERVISOR: Final = text_format(
    {Shape.SHORT_DATE},
    rb"(?P<_time>\d\d-\d\d-\d\d " + CLOCK + rb") " + LEVEL + rb" " + _THREAD +
    _LOGGER + MESSAGE,
    local_time=r"20\g<_time>",
    needs=b") [",
)  # fmt: skip
"""Home Assistant Supervisor, whose years have two digits."""

BASHIO: Final = text_format(
    {Shape.CLOCK_IN_BRACKETS},
    rb"\[(?P<local_time>" + CLOCK + rb")\] " + LEVEL + rb": " + MESSAGE,
    needs=b"] ",
)
"""Apps of Home Assistant, by its shell library bashio: `[10:00:00] INFO: message`."""

S6: Final = text_format(
    {Shape.LETTER},
    rb"(?P<logger>s6-[a-z0-9-]++|cont-init|cont-finish|fix-attrs|services-up): "
    rb"(?:\[?+(?P<level>fatal|warning|info|debug|error)\]?+: )" + MESSAGE,
    needs=b": ",
)
"""s6, which starts the programs in containers: `s6-rc: info: service nginx: starting`."""

S6_BEFORE: Final = text_format(
    {Shape.BRACKET},
    rb"\[(?P<logger>s6-init|s6-finish|cont-init\.d|cont-finish\.d|services\.d|fix-attrs\.d)\] " + MESSAGE,
    needs=b"] ",
)
"""s6 before its version 3: `[cont-init.d] banner.sh: executing...`."""

ESPHOME: Final = text_format(
    {Shape.CLOCK_IN_BRACKETS, Shape.BRACKET},
    rb"(?:\[(?P<local_time>" + CLOCK + rb")\])?+" + COLOURS +
    rb"\[(?P<level>V{1,2}|[DCIWE])\]\[(?P<logger>[^\[\]\n]+?)(?::(?P<line>[0-9]{1,5}))?\]: " + MESSAGE,
    needs=b"][",
    optional="local_time line",
).spelling(C="CONFIG", VV="VERY_VERBOSE")  # fmt: skip
"""ESPHome: `[10:00:00][D][sensor:094]: message`."""

_Z2M_LEVEL: Final = COLOURS + rb"(?P<level>error|warning|warn|info|debug)" + COLOURS

ZIGBEE2MQTT: Final = text_format(
    {Shape.DATE_IN_BRACKETS},
    rb"\[(?P<local_time>" + DATE + rb"[ T]" + CLOCK + rb")\] " + _Z2M_LEVEL +
    rb": [ \t]++(?P<logger>[a-z0-9]++(?::[a-z0-9_]++)*+): " + MESSAGE,
    needs=b": ",
)  # fmt: skip
"""Zigbee2MQTT from 1.37 on: `[2026-11-23 10:00:00] info: <tab>z2m: message`."""

ZIGBEE2MQTT_BEFORE: Final = text_format(
    {Shape.CAPITAL},
    rb"(?P<logger>Zigbee2MQTT):" + _Z2M_LEVEL +
    rb" ?+" + COLOURS + rb" {1,2}+(?P<local_time>" + DATE + rb" " + CLOCK + rb"): " + MESSAGE,
    needs=b"Zigbee2MQTT:",
)  # fmt: skip
"""Zigbee2MQTT before that: `Zigbee2MQTT:info  2026-11-23 10:00:00: message`."""

ZWAVE_JS: Final = text_format(
    {Shape.DATE},
    TIME + rb" (?P<logger>CNTRLR|DRIVER|SERIAL|CONFIG|REFLCT) ++" + MESSAGE,
)
"""Z-Wave JS, which names no levels: `2026-11-23 10:00:00.123 CNTRLR   message`."""

OPENTHREAD: Final = text_format(
    {Shape.CLOCK},
    rb"(?P<local_time>" + CLOCK + rb") \[(?P<level>[CWNID])\] (?P<logger>\w++(?:-\w++)*+)-*+ *+: " + MESSAGE,
    needs=b"] ",
).spelling(C="CRITICAL", N="NOTICE")
"""OpenThread: `00:00:00.088 [W] P-Netif-------: message`."""

BORDER_ROUTER: Final = text_format(
    {Shape.BRACKET},
    rb"\[(?P<level>EMRG|ALRT|CRIT|ERR |WARN|NOTE|INFO|DEBG)\]-(?P<logger>\w++)-*+: " + MESSAGE,
    needs=b"]-",
).spelling(EMRG="EMERG", ALRT="ALERT", DEBG="DEBUG", **{"ERR ": "ERR"})
"""OpenThread's border router: `[NOTE]-AGENT---: message`."""

FRIGATE: Final = text_format(
    {Shape.DATE},
    rb"(?P<local_time>" + DATE + rb" " + CLOCK + rb")  \[(?P<program_time>" + DATE + rb" " + CLOCK + rb")\] "
    rb"(?P<logger>[^\s:|\[\]]++) ++" + CAPITALS + rb" *+: " + MESSAGE,
    needs=b"  [",
)
"""Frigate behind s6's time: `2026-11-23 10:00:00.123456789  [2026-11-23 10:00:00] a INFO : b`."""

GO2RTC: Final = text_format(
    {Shape.DATE},
    rb"(?P<local_time>" + DATE + rb" " + CLOCK + rb")  (?P<program_time>" + CLOCK + rb") " + CAPITALS +
    rb" (?:\[(?P<logger>[\w.-]++)\] )?+" + MESSAGE,
    needs=b"  ",
    optional="logger",
)  # fmt: skip
"""go2rtc within Frigate: `2026-11-23 10:00:00.123456789  10:00:00.123 INF [api] message`."""

NODE_RED: Final = text_format(
    {Shape.NUMBER},
    rb"(?P<local_time>\d{1,2} [A-Z][a-z]{2} " + CLOCK + rb") - \[" + LEVEL +
    rb"\] (?:\[(?P<logger>[^\[\]\n]++)\] )?+" + MESSAGE,
    needs=b" - [",
    optional="logger",
)  # fmt: skip
"""Node-RED: `23 Nov 10:00:00 - [info] [mqtt-broker:Home] message`."""

HOME_FORMATS: Final = (
    CORE,
    WITHOUT_TIME,
    SUPERVISOR,
    BASHIO,
    S6,
    S6_BEFORE,
    ESPHOME,
    ZIGBEE2MQTT,
    ZIGBEE2MQTT_BEFORE,
    OPENTHREAD,
    BORDER_ROUTER,
    FRIGATE,
    GO2RTC,
    NODE_RED,
)
HOME_FORMATS_WITHOUT_LEVEL: Final = (ZWAVE_JS,)
"""Those that are tried behind formats of which lines come more often."""
