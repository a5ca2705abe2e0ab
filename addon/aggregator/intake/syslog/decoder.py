"""Decoder of messages of syslog."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from aggregator.intake.decoded import Decoded
from aggregator.intake.syslog import structured_data, times
from aggregator.intake.syslog.pattern import HEAD, MESSAGE
from aggregator.intake.text.entries import flat
from aggregator.record.fields import ALIASES, LEVEL_BY_SYSLOG_SEVERITY
from aggregator.record.text.exceptions import INNER
from aggregator.record.text.join import join, may_join
from aggregator.record.text.lines import as_text, firsts
from aggregator.record.text.merge import merge, with_hints
from aggregator.record.text.understand import understand

_FACILITIES: Final = (
    *("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"),
    *("ntp", "audit", "alert", "clock"),
    *(f"local{number}" for number in range(8)),
)
_SEVERITIES: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

_DEFAULTS: Final = frozenset({b"13", b"14", b"27", b"30"})
"""Priorities that say little: `logger`'s and that of libraries, user.notice and user.info; daemon.err and
daemon.info of what only tells whether a line came by stderr or stdout, such as Docker and systemd."""

_LEVEL_NAMES: Final = ("level", *ALIASES["level"])
_ABSENT: Final = "-"

_ESCAPED_NEWLINE: Final = re.compile(rb"(?<=\S)#012(?![0-9A-Fa-f]{3}(?![0-9A-Za-z]))")
"""A newline as rsyslog writes it; not the colour #012345, nor a number that stands alone."""

_ENCODER: Final = msgspec.json.Encoder()

type _Key = tuple[bytes, bytes, bytes, bytes, bytes]
"""Of messages whose fields are the same: sender, priority, head by RFC 5424 and by RFC 3164, data."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What times are understood by that lack something.

    Args:
        now: the year's.
        zone: of times that name none; None for that of the machine.
    """

    now: datetime
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class _Head:
    """What the head of a message tells.

    Args:
        members: of a JSON object.
        hint: a level that the text may know better, as a member; may be empty.
        names: of the members.
    """

    members: bytes
    hint: bytes
    names: Collection[str]


def decode(messages: Sequence[bytes], senders: Sequence[bytes], clock: Clock) -> Decoded:
    """Decode messages; one that isn't syslog is text.

    Args:
        messages: as they came, in their order.
        senders: address of the sender of each; it is the host of a message that names none.
        clock: for times that lack something.
    """
    if not messages:
        return Decoded(b"", 0, [])
    found = MESSAGE.findall(as_text([message.rstrip(b"\0\r\n") for message in messages])[:-1])
    part = dict(zip(MESSAGE.groupindex, zip(*found, strict=True), strict=True))
    stamp = _stamps(clock)
    stamps = [
        b'"timestamp":"%b",' % (new or old) if new or old else stamp(new_local or old_local)
        for new, old, new_local, old_local in zip(
            part["time"], part["old_time"], part["local"], part["old_local"], strict=True
        )
    ]
    old_heads = [old or bare for old, bare in zip(part["old_head"], part["bare_head"], strict=True)]
    keys: list[_Key] = list(
        zip(senders, part["priority"], part["head"], old_heads, part["data"], strict=True)
    )
    known = {key: _head(key) for key in set(keys)}
    told = [known[key] for key in keys]
    lines = [
        new or old or other
        for new, old, other in zip(part["message"], part["old_message"], part["text"], strict=True)
    ]
    members = [time + head.members for time, head in zip(stamps, told, strict=True)]
    names = frozenset[str]({"timestamp"}).union(*(head.names for head in known.values()))
    return _understood(_Lines(lines, members, [head.hint for head in told], keys), names)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What messages say, and what is told of each besides."""

    texts: Sequence[bytes]
    members: Sequence[bytes]
    hints: Sequence[bytes]
    keys: Sequence[_Key]


def _understood(lines: _Lines, names: Collection[str]) -> Decoded:
    text = b"\n".join([*lines.texts, b""])
    if b"#012" in text:
        text = b"\n".join([*map(_with_newlines, lines.texts), b""])
    members, hints = lines.members, lines.hints
    if may_join(text):
        # What belongs together comes from the same program.
        order = sorted(range(len(lines.keys)), key=_by_first(lines.keys))
        apart = text.split(b"\n")
        groups: dict[_Key, list[bytes]] = {}
        for place in order:
            groups.setdefault(lines.keys[place], []).append(apart[place])
        text = b"".join([join(b"\n".join([*group, b""])) for group in groups.values()])
        members = firsts(text, [members[place] for place in order])
        hints = firsts(text, [hints[place] for place in order])
    rows = flat(understand(text)).split(b"\n")[:-1]
    if any(hints):
        rows = with_hints(rows, _LEVEL_NAMES, hints)
    rows = merge(rows, members, names)
    return Decoded(b"\n".join([*rows, b""]), len(rows), [])


def _by_first(keys: Sequence[_Key]) -> Callable[[int], int]:
    """Order places so that those of the same key stand together, where the first of them stood."""
    first: dict[_Key, int] = {}
    for place, key in enumerate(keys):
        first.setdefault(key, place)
    return lambda place: first[keys[place]]


def _with_newlines(text: bytes) -> bytes:
    """Undo what rsyslog does to newlines, and to tabs beside them."""
    if b"#012" not in text:
        return text
    text, count = _ESCAPED_NEWLINE.subn(INNER, text)
    return text.replace(b"#011", b"\t").rstrip(INNER) if count else text


def _stamps(clock: Clock) -> Callable[[bytes], bytes]:
    """Make what finds the member for a time, once for each that is there."""
    known: dict[bytes, bytes] = {b"": b"", b"-": b""}

    def stamp(written: bytes) -> bytes:
        member = known.get(written)
        if member is None:
            time = times.to_utc(written.decode(), clock.now, clock.zone)
            member = known[written] = b'"timestamp":%b,' % _ENCODER.encode(time)
        return member

    return stamp


def _head(key: _Key) -> _Head:
    sender, priority, head, old_head, data = key
    fields: dict[str, str | list[str]] = {"host": sender.decode()}
    if head:
        named = zip(("host", "service", "procid", "msgid"), head.decode().split(" "), strict=True)
        fields |= {name: value for name, value in named if value != _ABSENT}
    elif old_head and (parts := HEAD.fullmatch(old_head)):
        named_before = {"host": parts["host"], "service": parts["tag"], "procid": parts["process"]}
        fields |= {name: value.decode() for name, value in named_before.items() if value}
    hint = b""
    if priority:
        facility, severity = divmod(int(priority), 8)
        fields |= {"facility": _FACILITIES[facility], "syslog_severity": _SEVERITIES[severity]}
        level = LEVEL_BY_SYSLOG_SEVERITY[severity]
        if priority in _DEFAULTS:
            hint = b'"level":"%b"' % level.encode()
        else:
            fields["level"] = level
    if data and data != b"-":
        fields |= structured_data.fields_of(data.replace(INNER, b"\n").decode())
    return _Head(_ENCODER.encode(fields)[1:-1], hint, fields.keys())
