"""From senders' JSON lines to records, as one SQL SELECT over a whole batch.

Every field of the record is filled from the first of its names that a line has; what is left over stays
a field of its own, as the JSON text that was sent. Nothing here runs per row in Python.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from aggregator import limits
from aggregator.record.exact_numbers import restored
from aggregator.record.fields import (
    ALIASES,
    CANONICAL_NAMES,
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

NUMBER = "_id"
"""Field that shows the record's number to clients."""

SENT = "sent_"
"""Goes before the name of a sender's field where the record has one of ours by that name."""

SENT_NAMES = {f"{SENT}{name}": name for name in (NUMBER, *sorted(FILLED_BY_US), *MARKS)}
"""Names by which such fields come back → the names as sent; they never have a column of their own."""

TIMESTAMP_US = "_timestamp_us"
TIMESTAMP_NS = "_timestamp_ns"
"""Columns that segments have for the timestamp: whole microseconds, and the nanoseconds beyond them."""

RESERVED = frozenset(
    name.casefold() for name in (*RECORD_FIELDS, *MARKS, REST, SEQ, NUMBER, TIMESTAMP_US, TIMESTAMP_NS)
)
"""Column names that a sender's field can't take."""

_TEXT_FIELDS = tuple(name for name in RECORD_FIELDS if name not in {"timestamp", "level", *FILLED_BY_US})
_SYSLOG_LEVEL = "PRIORITY"
_OFFSET = r"[+-]\d\d:?\d\d$"

_TIME_NS = f"""CASE
    WHEN ends_with(sent_time, 'Z') THEN epoch_ns(try_cast(sent_time AS TIMESTAMP_NS))
    WHEN number IS NOT NULL THEN try_cast(number * CASE
        WHEN number < 1e11 THEN 1000000000 WHEN number < 1e14 THEN 1000000 WHEN number < 1e17 THEN 1000 ELSE 1
        END AS BIGINT)
    WHEN regexp_matches(sent_time, '{_OFFSET}')
        THEN try_cast(
            epoch_us(try_cast(replace(sent_time, ',', '.') AS TIMESTAMPTZ))::HUGEINT * 1000
            + CASE WHEN substr(sent_time, 27, 1) BETWEEN '0' AND '9'
                THEN nanosecond(try_cast(replace(sent_time, ',', '.') AS TIMESTAMP_NS)) % 1000
                ELSE 0 END AS BIGINT)
    ELSE epoch_ns(try_cast(replace(sent_time, ',', '.') AS TIMESTAMP_NS)) END"""
"""Nanoseconds since the epoch from RFC 3339 text, or from a number of s, ms, µs or ns by its size.

Of a time with an offset, TIMESTAMPTZ has the microseconds and TIMESTAMP_NS, which ignores the offset, the
rest, which is read only where a seventh decimal stands.
"""


def _list(texts: Iterable[str]) -> str:
    return f"([{', '.join(map(quote_literal, texts))}]::VARCHAR[])"


_LEVEL = f"""CASE
    WHEN spelling IN ({", ".join(map(quote_literal, LEVELS))}) THEN spelling
    ELSE {_list(LEVEL_SPELLINGS.values())}[list_position({_list(LEVEL_SPELLINGS)}, spelling)] END"""


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
    consumed = {names[0] for names in _sent_names(present).values() if names}
    return [key for key in present if key not in consumed]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a run of lines came from.

    Args:
        rows: how many lines.
        observed_ns: when they were taken, ns since the epoch.
        source: how they came.
    """

    rows: int
    observed_ns: int
    source: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that become records together.

    Args:
        table: SQL relation with one column `json`, in which each line stands as it came.
        first_seq: number of the first line.
        origins: where the lines came from, run by run.
        may_have_null: whether any value may be null.
        has_protected: whether any number is protected from the engine.
    """

    table: str
    first_seq: int
    origins: Sequence[Origin]
    may_have_null: bool
    has_protected: bool


def select(batch: Batch, keys: Sequence[str], columns: Mapping[str, str]) -> str:
    """Build the SELECT that turns lines into records.

    It goes step by step, each value named once: planning an expression that is repeated costs more than
    running it.

    Args:
        batch: the lines.
        keys: the top-level keys that occur in them.
        columns: sender field → column, for the fields that have a column of their own.

    Returns:
        SQL whose columns are those of `column_types()` and of `columns`.
    """
    names = _sent_names(keys)
    left_over = own_fields(keys)
    fields = [key for key in left_over if key in columns and key not in MARKS]
    texts = [name for sent in names.values() for name in sent]
    parsed = _Parsed(texts, fields, batch)
    known = {field: _first([parsed.text(name) for name in sent]) for field, sent in names.items()}
    read = (
        "SELECT row_number() OVER () - 1 AS line, json, "
        f"from_json(json, {parsed.structure()}) AS parsed FROM {batch.table}"
    )
    sent = (
        f"SELECT *, {_by_run(batch.origins, lambda origin: str(origin.observed_ns))} AS observed_ns, "
        f"{known['timestamp']} AS sent_time, "
        f"{_first([_level_text(name, parsed.text(name)) for name in names['level']])} AS sent_level "
        f"FROM ({read})"
    )
    understood = (
        "SELECT *, upper(sent_level) AS spelling, CASE WHEN NOT ends_with(sent_time, 'Z') "
        f"THEN try_cast(sent_time AS DECIMAL(38, 9)) END AS number FROM ({sent})"
    )
    timed = f"SELECT *, {_LEVEL} AS known_level, {_TIME_NS} AS time_ns FROM ({understood})"
    checked = (
        "SELECT *, coalesce(time_ns BETWEEN 0 AND observed_ns + "
        f"{limits.FUTURE_TIMESTAMP_S * 10**9}, false) AS timely FROM ({timed})"
    )
    kept = {*texts, *fields} - ({*left_over} - {*fields})
    values = {
        SEQ: f"({batch.first_seq} + line)::UBIGINT",
        "timestamp": "(CASE WHEN timely THEN time_ns ELSE observed_ns END)::BIGINT",
        "observed": "observed_ns::BIGINT",
        "level": "known_level",
        "source": _by_run(batch.origins, lambda origin: quote_literal(origin.source)),
        TIMESTAMP_INVALID: "CASE WHEN NOT timely THEN to_json(sent_time) END",
        LEVEL_UNKNOWN: "CASE WHEN known_level IS NULL THEN to_json(sent_level) END",
        REST: parsed.others(kept) if any(key not in kept for key in keys) else "NULL::JSON",
    }
    values |= {field: known[field] for field in _TEXT_FIELDS}
    values["trace_id"] = f"lower({known['trace_id']})"
    values["span_id"] = f"lower({known['span_id']})"
    values["correlation_id"] = f"coalesce({known['correlation_id']}, {values['trace_id']})"
    values |= {columns[field]: _left_over(field, names, parsed) for field in fields}
    listed = ", ".join(f"{value} AS {quote_identifier(column)}" for column, value in values.items())
    return f"SELECT {listed} FROM ({checked})"


class _Parsed:
    """The values of a line, most of them parsed in one go.

    Names of the parsed structure ignore case, so that of names which differ only in it one is parsed
    there and the others are looked up.

    Args:
        texts: names of values wanted as text.
        fields: names of values wanted as JSON; the parsed structure shows null as absent.
        batch: the lines.
    """

    def __init__(self, texts: Sequence[str], fields: Sequence[str], batch: Batch) -> None:
        self._may_have_null = batch.may_have_null
        self._has_protected = batch.has_protected
        types = dict.fromkeys(texts, "VARCHAR") | dict.fromkeys(fields, "JSON")
        self._types: dict[str, str] = {}
        taken: set[str] = set()
        for name, kind in types.items():
            if name.casefold() not in taken:
                self._types[name] = kind
                taken.add(name.casefold())

    def structure(self) -> str:
        """The structure as a SQL constant."""
        return quote_literal(orjson.dumps(self._types or {SEQ: "JSON"}).decode())

    def text(self, name: str) -> str:
        """A value's text; NULL when it is absent or null."""
        if self._types.get(name) == "VARCHAR":
            text = f"parsed.{quote_identifier(name)}"
        else:
            text = f"json_extract_string(json, {_pointer(name)})"
        return restored(text) if self._has_protected else text

    def raw(self, name: str) -> str:
        """A value's JSON; NULL when it is absent."""
        raw = f"json_extract(json, {_pointer(name)})"
        if self._types.get(name) == "JSON":
            parsed = f"parsed.{quote_identifier(name)}"
            raw = f"coalesce({parsed}, {raw})" if self._may_have_null else parsed
        return self._restored(raw)

    def others(self, kept: Iterable[str]) -> str:
        """The values of all other names, as one JSON object; NULL when there are none."""
        # Keys that differ only in case are the same to a struct of the engine, not to JSON text.
        patch = quote_literal(orjson.dumps(dict.fromkeys(kept)).decode())
        return self._restored(f"nullif(json_merge_patch(json, {patch})::VARCHAR, '{{}}')::JSON")

    def _restored(self, value: str) -> str:
        return f"{restored(f'{value}::VARCHAR')}::JSON" if self._has_protected else value


def _sent_names(keys: Iterable[str]) -> dict[str, list[str]]:
    """For each record field the names that senders gave it here, the preferred one first."""
    present = set(keys)
    return {
        field: [name for name in (field, *ALIASES[field]) if name in present and field not in FILLED_BY_US]
        for field in RECORD_FIELDS
    }


def _first(expressions: list[str]) -> str:
    if not expressions:
        return "NULL::VARCHAR"
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _left_over(field: str, names: Mapping[str, list[str]], parsed: _Parsed) -> str:
    """A field as sent, but only in lines where a better name for the same record field was present."""
    same = names.get(CANONICAL_NAMES.get(field, ""), [])
    if field not in same:
        return parsed.raw(field)
    better = " OR ".join(f"{parsed.text(name)} IS NOT NULL" for name in same[: same.index(field)])
    return f"CASE WHEN {better} THEN {parsed.raw(field)} END"


def _by_run(origins: Sequence[Origin], value: Callable[[Origin], str]) -> str:
    """A value that is the same for all lines of a run."""
    branches = []
    end = 0
    for origin in origins[:-1]:
        end += origin.rows
        branches.append(f"WHEN line < {end} THEN {value(origin)}")
    last = value(origins[-1])
    return f"CASE {' '.join(branches)} ELSE {last} END" if branches else last


def _level_text(name: str, value: str) -> str:
    """A level as text; syslog's numbers mean something else than those of other senders."""
    if name != _SYSLOG_LEVEL:
        return value
    severities = _list(map(str, range(len(LEVEL_BY_SYSLOG_SEVERITY))))
    return f"coalesce({_list(LEVEL_BY_SYSLOG_SEVERITY)}[list_position({severities}, {value})], {value})"


def _pointer(name: str) -> str:
    return quote_literal("/" + name.replace("~", "~0").replace("/", "~1"))
