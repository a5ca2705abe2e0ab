"""Times of syslog that lack the year, the zone, or both."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STAMP: Final = re.compile(
    r"[*.]?(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) (?:(?P<year>\d{4}) )?"
    r"(?P<clock>\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,9})?(?: (?P<year_behind>\d{4}))?"
)
_ZONELESS: Final = re.compile(r"(?P<whole>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?")


def to_utc(written: str, now: datetime, zone: tzinfo | None) -> str:
    """Make a time RFC 3339 in UTC; one that is none of syslog's stays as it is.

    Args:
        written: as `Nov 29 10:00:00` of RFC 3164, with a year or a fraction as some devices write it, or as
            RFC 3339 without a zone.
        now: where there is no year, the time is meant that is nearest to this.
        zone: of such times; None for that of the machine.
    """
    if stamp := _STAMP.fullmatch(written):
        year = stamp["year"] or stamp["year_behind"]
        local = f"{_MONTHS.index(stamp['month']) + 1:02}-{int(stamp['day']):02}T{stamp['clock']}"
        years = [int(year)] if year else [now.year - 1, now.year, now.year + 1]
        times = [time for year in years if (time := _time(f"{year:04}-{local}", zone))]
        fraction = stamp["fraction"] or ""
    elif zoneless := _ZONELESS.fullmatch(written):
        times = [time for time in [_time(zoneless["whole"], zone)] if time]
        fraction = f".{zoneless['fraction']}" if zoneless["fraction"] else ""
    else:
        return written
    if not times:
        return written
    nearest = min(times, key=lambda time: abs(time - now))
    return f"{nearest:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _time(local: str, zone: tzinfo | None) -> datetime | None:
    try:
        written = datetime.fromisoformat(local)
        return (written.replace(tzinfo=zone) if zone else written).astimezone(UTC)
    except (ValueError, OverflowError):
        # There is no such day in that year.
        return None
