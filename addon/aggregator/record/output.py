"""Records as they leave the aggregator: one flat JSON object each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate

import duckdb
import msgspec
import orjson

from aggregator import limits
from aggregator.record import normalise
from aggregator.record.fields import RECORD_FIELDS, TIME_FIELDS

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_BRACKET = re.compile(r"[\[{}\]]")


@dataclass(frozen=True, slots=True)
class Record:
    """One record that was found.

    Args:
        seq: its number in the store.
        timestamp_ns: its timestamp, ns since the epoch.
        fields: everything else of it, ready for orjson.
    """

    seq: int
    timestamp_ns: int
    fields: Mapping[str, object]


def records(result: duckdb.DuckDBPyConnection, columns: Mapping[str, str]) -> list[Record]:
    """Build the records of a `SELECT *` over a part.

    Args:
        result: the executed statement.
        columns: sender field → column.
    """
    position = {name: index for index, (name, *_) in enumerate(result.description or ())}
    known = [(name, position[name]) for name in RECORD_FIELDS if name not in TIME_FIELDS]
    sent = [(field, position[column]) for field, column in columns.items()]
    seq, rest = position[normalise.SEQ], position[normalise.REST]
    timestamp, observed = position["timestamp"], position["observed"]
    found = []
    for row in result.fetchall():
        fields: dict[str, object] = {
            normalise.NUMBER: str(row[seq]),
            "timestamp": format_ns(row[timestamp]),
            "observed": format_ns(row[observed]),
        }
        fields |= {name: row[index] for name, index in known if row[index] is not None}
        fields |= {name: _value(row[index]) for name, index in sent if row[index] is not None}
        if row[rest] is not None:
            for name, value in _others(row[rest]).items():
                shown = name
                while shown in fields:
                    shown = normalise.SENT + shown
                fields[shown] = value
        found.append(Record(row[seq], row[timestamp], fields))
    return found


def _others(rest: str) -> Mapping[str, orjson.Fragment | str]:
    """The fields without a column; all of them as one text where they are nested too deeply to be parted."""
    try:
        others = msgspec.json.decode(rest, type=dict[str, msgspec.Raw])
    except RecursionError:
        return {normalise.REST: rest}
    return {name: _value(bytes(value).decode()) for name, value in others.items()}


def _value(raw: str) -> orjson.Fragment | str:
    """A value as it was sent; one nested so deeply that parsers refuse the whole answer is its own text."""
    if len(raw) <= 2 * limits.VALUE_DEPTH or _depth(raw) <= limits.VALUE_DEPTH:
        return orjson.Fragment(raw)
    return raw


def _depth(raw: str) -> int:
    if raw.count("[") + raw.count("{") <= limits.VALUE_DEPTH:
        return 0
    steps = (1 if bracket in "[{" else -1 for bracket in _BRACKET.findall(_STRING.sub("", raw)))
    return max(accumulate(steps), default=0)


def format_ns(time_ns: int) -> str:
    """Return a time as RFC 3339 in UTC, with as many digits as it needs (none, ms, µs or ns)."""
    seconds, fraction_ns = divmod(time_ns, 10**9)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if not fraction_ns:
        return text + "Z"
    digits = f"{fraction_ns:09d}"
    for width in (3, 6):
        if not digits[width:].strip("0"):
            return f"{text}.{digits[:width]}Z"
    return f"{text}.{digits}Z"
