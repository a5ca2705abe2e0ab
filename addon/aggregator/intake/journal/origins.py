"""Which program an entry of the journal is of, and what its trusted fields say of it."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from aggregator import limits
from aggregator.intake.journal.export_format import Entry
from aggregator.intake.text.stream import TextStream

_DESCRIBING: Final = (
    b"CONTAINER_NAME",
    b"SYSLOG_IDENTIFIER",
    b"_SYSTEMD_UNIT",
    b"_COMM",
    b"_HOSTNAME",
    b"_PID",
    b"_BOOT_ID",
    b"PRIORITY",
)

_OF_DOCKER: Final = frozenset(
    {
        b"CONTAINER_ID",
        b"CONTAINER_ID_FULL",
        b"CONTAINER_TAG",
        b"CONTAINER_LOG_EPOCH",
        b"CONTAINER_LOG_ORDINAL",
        b"CONTAINER_PARTIAL_ID",
        b"CONTAINER_PARTIAL_LAST",
        b"CONTAINER_PARTIAL_MESSAGE",
        b"CONTAINER_PARTIAL_ORDINAL",
        b"IMAGE_NAME",
        b"SYSLOG_TIMESTAMP",
    }
)
"""What Docker's journald driver says of each line. https://docs.docker.com/engine/logging/drivers/journald/"""

_OF_SYSLOG: Final = frozenset({b"SYSLOG_FACILITY", b"SYSLOG_PID", b"SYSLOG_RAW", b"SYSLOG_TIMESTAMP"})

LEFT_OUT: Final = frozenset({b"MESSAGE", *_DESCRIBING}) | _OF_DOCKER | _OF_SYSLOG
"""Fields that no record has by these names; nor has it those whose names begin with an underscore."""

_APP: Final = re.compile(r"(?:app|addon)_(.+)")
_STREAMS: Final = {b"6": "stdout", b"3": "stderr"}
"""Docker's journald driver tells by the priority what a container wrote to, and nothing else."""

_ENCODER: Final = msgspec.json.Encoder()

type Key = tuple[bytes | None, ...]
"""Values of the fields that tell one origin from others."""


def key_of(entry: Entry) -> Key:
    """Return what tells the origin of an entry."""
    get = entry.get
    return (
        get(b"CONTAINER_NAME"),
        get(b"SYSLOG_IDENTIFIER"),
        get(b"_SYSTEMD_UNIT"),
        get(b"_COMM"),
        get(b"_HOSTNAME"),
        get(b"_PID"),
        get(b"_BOOT_ID"),
        get(b"PRIORITY"),
    )


def fields_of(key: Key) -> Mapping[str, object]:
    """Return the fields that all lines of an origin have.

    The app `addon_core_mosquitto` of Home Assistant is the service of that name, also where the Supervisor
    calls its container `app_core_mosquitto`. A container's priority tells by which output a line came.
    """
    container, identifier, unit, command, host, pid, boot, priority = (
        None if value is None else value.decode(errors="replace") for value in key
    )
    fields: dict[str, object] = {}
    if container is not None:
        name = container.removeprefix("/")
        app = _APP.fullmatch(name)
        fields["service"] = name if app is None else f"addon_{app[1]}"
        if stream := _STREAMS.get((priority or "").encode()):
            fields["stream"] = stream
    else:
        name = identifier or (unit or "").removesuffix(".service") or command or "journal"
        fields["service"] = name
        if unit is not None:
            fields["unit"] = unit
        if pid is not None:
            fields["pid"] = int(pid) if pid.isdecimal() else pid
    if host is not None:
        fields["host"] = host
    if boot is not None:
        fields["boot_id"] = boot
    return fields


def level_of(key: Key) -> bytes:
    """Return what the level is of a line that tells none, as a member of a JSON object; empty if nothing is.

    A container's priority says nothing of it.
    """
    container, *_, priority = key
    is_told = container is None and priority is not None and len(priority) == 1 and priority.isdigit()
    return b'"PRIORITY":"%b"' % priority if is_told and priority else b""


class Origins:
    """Streams of text for the origins of entries, whose descriptions are made once."""

    def __init__(self) -> None:
        self._told: dict[Key, tuple[bytes, frozenset[str]]] = {}

    def stream(self, key: Key) -> TextStream:
        """Make a stream for the lines of an origin."""
        told = self._told.get(key)
        if told is None:
            if len(self._told) >= limits.JOURNAL_ORIGINS:
                self._told.clear()
            fields = fields_of(key)
            told = self._told[key] = (_ENCODER.encode(fields)[1:-1], frozenset(fields))
        return TextStream(*told)
