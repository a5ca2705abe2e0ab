"""From senders' JSON lines to records, as one SQL SELECT over a whole batch.

Every field of the record is filled from the first of its names that a line has; what is left over stays
a field of its own, as the JSON text that was sent. Nothing here runs per row in Python.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator import limits
from aggregator.record.fields import (
    ALIASES,
    LEVEL_BY_SYSLOG_SEVERITY,
    LEVEL_SPELLINGS,
    LEVELS,
    RECORD_FIELDS,
    TIME_FIELDS,
)
from aggregator.sql import quote_identifier, quote_literal

TIMESTAMP_INVALID = "timestamp_invalid"
"""Field that keeps a timestamp that could not be used; the record then has the time it was observed."""

LEVEL_UNKNOWN = "level_unknown"
"""Field that keeps a level whose spelling is not known; the record then has none."""

MARKS = (TIMESTAMP_INVALID, LEVEL_UNKNOWN)

REST = "_rest"
"""Column of the fields that got no column of their own, as one JSON object."""

SEQ = "_seq"
"""Column of the record's number in the store."""

FILLED_BY_US = frozenset({"observed", "source"})
"""Record fields that a sender does not fill."""

RESERVED = frozenset(name.casefold() for name in (*RECORD_FIELDS, *MARKS, REST, SEQ))
"""Column names that a sender's field can't take."""

_TEXT_FIELDS = tuple(name for name in RECORD_FIELDS if name not in {"timestamp", "level", *FILLED_BY_US})
_SYSLOG_LEVEL = "PRIORITY"
_OFFSET = r"[+-]\d\d:?\d\d$"


def column_types() -> dict[str, str]:
    """The columns that every part has, with their SQL types."""
    types = {SEQ: "UBIGINT"}
    types |= {name: "BIGINT" if name in TIME_FIELDS else "VARCHAR" for name in RECORD_FIELDS}
    types |= dict.fromkeys((*MARKS, REST), "JSON")
    return types


def has_own_column(field: str) -> bool:
    """Tell whether a sender's field may have a column of its own name."""
    return (
        0 < len(field) <= limits.FIELD_NAME_CHARACTERS
        and field.isprintable()
        and field.casefold() not in RESERVED
    )


def own_fields(keys: Iterable[str]) -> list[str]:
    """The keys of a batch that are, or may be left over as, fields of their own."""
    present = list(keys)
    consumed = {_names(field, present)[0] for field in RECORD_FIELDS if _names(field, present)}
    return [key for key in present if key not in consumed]


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that were taken together.

    Args:
        path: the file of lines.
        first_seq: number of the first line.
        observed_ns: when they were taken, ns since the epoch.
        source: how they came.
    """

    path: str
    first_seq: int
    observed_ns: int
    source: str


def select(batch: Batch, keys: Sequence[str], columns: Mapping[str, str]) -> str:
    """Build the SELECT that turns lines into records.

    Args:
        batch: the lines.
        keys: the top-level keys that occur in them.
        columns: sender field → column, for the fields that have a column of their own.

    Returns:
        SQL whose columns are those of `column_types()` and of `columns`.
    """
    fields = [key for key in own_fields(keys) if key in columns]
    texts = [name for field in RECORD_FIELDS for name in _names(field, keys)]
    text = {name: f"texts[{position}]" for position, name in enumerate(texts, 1)}
    raw = {name: f"raws[{position}]" for position, name in enumerate(fields, 1)}
    kept = {*texts, *fields}

    sent = {field: _first([text[name] for name in _names(field, keys)]) for field in RECORD_FIELDS}
    time_ns = _time_ns(sent["timestamp"])
    usable = f"({time_ns} BETWEEN 0 AND {batch.observed_ns + limits.FUTURE_TIMESTAMP_S * 10**9})"
    level = _first([_level(name, text[name]) for name in _names("level", keys)])
    values = {
        SEQ: f"{batch.first_seq} + row_number() OVER () - 1",
        "timestamp": f"CASE WHEN {usable} THEN {time_ns} ELSE {batch.observed_ns} END",
        "observed": f"{batch.observed_ns}::BIGINT",
        "level": level,
        "source": quote_literal(batch.source),
        TIMESTAMP_INVALID: f"CASE WHEN NOT coalesce({usable}, false) THEN to_json({sent['timestamp']}) END",
        LEVEL_UNKNOWN: f"CASE WHEN {level} IS NULL THEN to_json({sent['level']}) END",
        REST: _rest(kept) if any(key not in kept for key in keys) else "NULL::JSON",
    }
    values |= {field: sent[field] for field in _TEXT_FIELDS}
    values["trace_id"] = f"lower({sent['trace_id']})"
    values["span_id"] = f"lower({sent['span_id']})"
    values["correlation_id"] = f"coalesce({sent['correlation_id']}, {values['trace_id']})"
    values |= {columns[field]: _left_over(field, keys, text, raw) for field in fields}

    listed = ", ".join(f"{value} AS {quote_identifier(column)}" for column, value in values.items())
    return (
        f"SELECT {listed} FROM (SELECT json, "
        f"json_extract_string(json, {_pointers(texts)}) AS texts, "
        f"json_extract(json, {_pointers(fields)}) AS raws "
        f"FROM {lines(batch.path)})"
    )


def lines(path: str) -> str:
    """SQL relation with one `json` column: the lines of a file."""
    return (
        f"read_ndjson_objects({quote_literal(path)}, format = 'newline_delimited', "
        f"maximum_object_size = {2 * limits.LINE_BYTES})"
    )


def _names(field: str, keys: Iterable[str]) -> list[str]:
    if field in FILLED_BY_US:
        return []
    present = set(keys)
    return [name for name in (field, *ALIASES.get(field, ())) if name in present]


def _first(expressions: list[str]) -> str:
    if not expressions:
        return "NULL::VARCHAR"
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _left_over(field: str, keys: Sequence[str], text: Mapping[str, str], raw: Mapping[str, str]) -> str:
    """A field as sent, but only in lines where a better name for the same record field was present."""
    for canonical in RECORD_FIELDS:
        names = _names(canonical, keys)
        if field in names:
            better = " OR ".join(f"{text[name]} IS NOT NULL" for name in names[: names.index(field)])
            return f"CASE WHEN {better} THEN {raw[field]} END"
    return raw[field]


def _time_ns(value: str) -> str:
    """Nanoseconds since the epoch from RFC 3339 text, or from a number of s, ms, µs or ns by its size."""
    number = f"try_cast({value} AS DECIMAL(38, 9))"
    readable = f"replace({value}, ',', '.')"
    return (
        f"CASE WHEN ends_with({value}, 'Z') THEN epoch_ns(try_cast({value} AS TIMESTAMP_NS)) "
        f"WHEN {number} IS NOT NULL THEN try_cast(CASE WHEN {number} < 1e11 THEN {number} * 1000000000 "
        f"WHEN {number} < 1e14 THEN {number} * 1000000 WHEN {number} < 1e17 THEN {number} * 1000 "
        f"ELSE {number} END AS BIGINT) "
        f"WHEN regexp_matches({value}, '{_OFFSET}') "
        f"THEN epoch_us(try_cast({readable} AS TIMESTAMPTZ)) * 1000 "
        f"ELSE epoch_ns(try_cast({readable} AS TIMESTAMP_NS)) END"
    )


def _level(name: str, value: str) -> str:
    if name == _SYSLOG_LEVEL:
        spellings = {str(severity): level for severity, level in enumerate(LEVEL_BY_SYSLOG_SEVERITY)}
    else:
        # The engine tries the branches in turn: what nearly every line says comes first.
        spellings = {level: level for level in LEVELS} | dict(LEVEL_SPELLINGS)
    branches = " ".join(
        f"WHEN {quote_literal(spelling)} THEN {quote_literal(level)}" for spelling, level in spellings.items()
    )
    return f"CASE upper({value}) {branches} END"


def _pointers(names: Iterable[str]) -> str:
    escaped = ("/" + name.replace("~", "~0").replace("/", "~1") for name in names)
    return "[" + ", ".join(map(quote_literal, escaped)) + "]::VARCHAR[]"


def _rest(kept: Iterable[str]) -> str:
    removals = ", ".join(f"{quote_literal(name)}: NULL" for name in kept)
    patch = f"to_json({{{removals}}})" if removals else "'{}'"
    return f"nullif(json_merge_patch(json, {patch})::VARCHAR, '{{}}')::JSON"
