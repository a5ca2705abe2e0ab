"""The corpus of the store, as programs write such lines as text."""

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from benchmarks.corpus import bodies

type _Fields = dict[str, Any]
type _Writer = Callable[[_Fields, datetime], str]

_SEED = 11
_BODY_LINES = 5000
_LETTERS = {"DEBUG": "D", "INFO": "I", "WARNING": "W", "ERROR": "E", "CRITICAL": "E"}


def _stamp(time: datetime, between: str = " ", before_ms: str = ".") -> str:
    return f"{time:%Y-%m-%d}{between}{time:%H:%M:%S}{before_ms}{time.microsecond // 1000:03}"


def _core(fields: _Fields, time: datetime) -> str:
    return f"{_stamp(time)} {fields['level']} (MainThread) [{fields['logger']}] {fields['message']}"


def _core_coloured(fields: _Fields, time: datetime) -> str:
    return f"\x1b[32m{_core(fields, time)}\x1b[0m"


def _python(fields: _Fields, time: datetime) -> str:
    return f"{_stamp(time, before_ms=',')} - {fields['logger']} - {fields['level']} - {fields['message']}"


def _bashio(fields: _Fields, time: datetime) -> str:
    return f"\x1b[36m[{time:%H:%M:%S}] {fields['level']}: {fields['message']}\x1b[0m"


def _esphome(fields: _Fields, time: datetime) -> str:
    return f"[{time:%H:%M:%S}][{_LETTERS[fields['level']]}][sensor:094]: {fields['message']}"


def _zigbee2mqtt(fields: _Fields, time: datetime) -> str:
    return f"[{time:%Y-%m-%d %H:%M:%S}] {fields['level'].lower()}: \tz2m:mqtt: {fields['message']}"


def _mosquitto(fields: _Fields, time: datetime) -> str:
    return f"{int(time.timestamp())}: {fields['message']}"


def _access(fields: _Fields, time: datetime) -> str:
    request = f"GET /api/{fields['service']}?q={len(fields['message'])} HTTP/1.1"
    return f'10.0.0.9 - - [{time:%d/%b/%Y:%H:%M:%S} +0000] "{request}" 200 612 "-" "Mozilla/5.0 (X11)"'


def _java(fields: _Fields, time: datetime) -> str:
    return f"{_stamp(time, before_ms=',')} {fields['level']:5} [main] {fields['logger']}: {fields['message']}"


def _zoned(fields: _Fields, time: datetime) -> str:
    return f"{_stamp(time, 'T')}Z {fields['level']} {fields['logger']}: {fields['message']}"


def _logfmt(fields: _Fields, time: datetime) -> str:
    return (
        f"time={_stamp(time, 'T')}Z level={fields['level'].lower()} "
        f"msg={json.dumps(fields['message'])} service={fields['service']}"
    )


def _json(fields: _Fields, _time: datetime) -> str:
    return json.dumps(fields)


def _plain(fields: _Fields, _time: datetime) -> str:
    return str(fields["message"])


FORMATS: Mapping[str, _Writer] = {
    "Home Assistant Core": _core,
    "Home Assistant Core, coloured": _core_coloured,
    "Python logging": _python,
    "bashio": _bashio,
    "ESPHome": _esphome,
    "Zigbee2MQTT": _zigbee2mqtt,
    "Mosquitto": _mosquitto,
    "NGINX access": _access,
    "Log4j": _java,
    "time, level, logger": _zoned,
    "logfmt": _logfmt,
    "JSON": _json,
    "unclear": _plain,
}
_SHARES = {
    "Home Assistant Core": 40,
    "bashio": 10,
    "ESPHome": 10,
    "Zigbee2MQTT": 15,
    "Mosquitto": 10,
    "NGINX access": 5,
    "unclear": 10,
}
"""What a home's lines are, in percent."""


def lines_by_format(rows: int) -> dict[str, list[bytes]]:
    """Return the corpus once in each format.

    Args:
        rows: lines of each.
    """
    found = [(fields, datetime.fromisoformat(fields["timestamp"])) for fields in _records(rows)]
    return {name: [write(fields, time).encode() for fields, time in found] for name, write in FORMATS.items()}


def home(rows: int) -> list[bytes]:
    """Return what the programs of a home write, mixed line by line.

    Args:
        rows: lines in all.
    """
    chosen = random.Random(_SEED).choices(list(_SHARES), list(_SHARES.values()), k=rows)
    return [
        FORMATS[name](fields, datetime.fromisoformat(fields["timestamp"])).encode()
        for name, fields in zip(chosen, _records(rows), strict=True)
    ]


def pushes(lines: list[bytes]) -> list[bytes]:
    """Return bodies of Loki's push API, each of one stream of 5,000 lines."""
    start_ns = int(datetime.now(UTC).timestamp()) * 10**9 - len(lines) * 1000
    numbered = enumerate(lines, start_ns)
    return [
        json.dumps(
            {
                "streams": [
                    {
                        "stream": {"service": "homeassistant", "host": "home"},
                        "values": [[str(time_ns), line.decode()] for time_ns, line in body],
                    }
                ]
            }
        ).encode()
        for body in batched(numbered, _BODY_LINES, strict=False)
    ]


def _records(rows: int) -> list[_Fields]:
    return [json.loads(line) for body in bodies(rows) for line in body.splitlines()]
