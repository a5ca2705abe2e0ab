"""Makes times without a zone ones with it, for sources that know where their lines were written."""

import re
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, override

_LOCAL: Final = re.compile(
    rb'"local_time":"(?P<hour>\d{4}-\d\d-\d\d[ T]\d\d)(?P<rest>:\d\d:\d\d(?:[.,]\d{1,9})?)"'
)


class MachineZone(tzinfo):
    """The zone of this machine, as it is at the time that is asked for."""

    @override
    def utcoffset(self, at: datetime | None, /) -> timedelta | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    @override
    def dst(self, at: datetime | None, /) -> timedelta | None:
        return None

    @override
    def tzname(self, at: datetime | None, /) -> str | None:
        return None


def with_zone(rows: bytes, zone: tzinfo) -> bytes:
    """Rename each whole `local_time` of understood lines to `time`, with the zone's offset.

    In the hour that is there twice when clocks are put back, times are taken for those of the first.
    """

    def told(found: re.Match[bytes]) -> bytes:
        return b'"time":"%b%b%b"' % (found["hour"], found["rest"], _offset(found["hour"], zone))

    return _LOCAL.sub(told, rows)


@lru_cache(maxsize=1024)
def _offset(hour: bytes, zone: tzinfo) -> bytes:
    try:
        offset = datetime.fromisoformat(f"{hour.decode()}:00").replace(tzinfo=zone).strftime("%:z")
    except ValueError:
        # There is no such day; the record says so, as of any other time that is none.
        return b""
    return offset.encode()
