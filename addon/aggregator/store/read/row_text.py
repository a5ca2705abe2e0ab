"""SQL that writes a record as one line of text: the same JSON that search answers with, or CSV."""

from collections.abc import Mapping, Sequence

import orjson

from aggregator.record import normalise
from aggregator.record.fields import RECORD_FIELDS, TIME_FIELDS
from aggregator.sql import quote_identifier, quote_literal
from aggregator.store.part import View

_NS_PER_S = 10**9
_REST = f"{normalise.REST}::VARCHAR"


def json_line(view: View) -> str:
    """SQL of a record as a line of JSON, its fields in the order in which search answers them."""
    members = [_member(name, f"'\"' || {text} || '\"'") for name, text in _ours().items()]
    members += [_member(name, f"to_json({quote_identifier(name)})::VARCHAR") for name in _texts()]
    members += [
        _member(field, f"{quote_identifier(column)}::VARCHAR") for field, column in view.columns.items()
    ]
    return f"'{{' || concat_ws(',', {', '.join([*members, *_rest()])}) || '}}' || chr(10)"


def csv_line(view: View, fields: Sequence[str]) -> str:
    """SQL of a record as a line of CSV.

    Args:
        view: the part.
        fields: names of senders' fields, in the order of the columns behind those of every record.
    """
    cells = [*_ours().values(), *map(quote_identifier, _texts())]
    cells += [
        json_text(quote_identifier(view.columns[field])) if field in view.columns else "NULL"
        for field in fields
    ]
    quoted = [f"coalesce('\"' || replace({cell}, '\"', '\"\"') || '\"', '')" for cell in (*cells, _REST)]
    return f"concat_ws(',', {', '.join(quoted)}) || chr(13) || chr(10)"


def csv_header(fields: Sequence[str]) -> bytes:
    """Return the first line of CSV; arguments as for `csv_line`."""
    names = (*_ours(), *_texts(), *fields, normalise.REST)
    return (",".join('"' + name.replace('"', '""') + '"' for name in names) + "\r\n").encode()


def _ours() -> Mapping[str, str]:
    """The fields that are no text in the store, each with the SQL of its text."""
    times: dict[str, str] = {name: time_text(name) for name in RECORD_FIELDS if name in TIME_FIELDS}
    return {normalise.NUMBER: f"{normalise.SEQ}::VARCHAR", **times}


def _texts() -> list[str]:
    return [name for name in RECORD_FIELDS if name not in TIME_FIELDS]


def _member(name: str, value: str) -> str:
    """SQL of a member of a JSON object; NULL where its value is."""
    return f"{quote_literal(orjson.dumps(name).decode() + ':')} || {value}"


def time_text(name: str) -> str:
    """SQL of a time as RFC 3339 in UTC, with as many digits as it needs (none, ms, µs or ns)."""
    digits = " ".join(
        f"WHEN {name} % {unit} = 0 THEN '.' || lpad(({name} % {_NS_PER_S} // {unit})::VARCHAR, {width}, '0')"
        for width, unit in ((3, 10**6), (6, 10**3), (9, 1))
    )
    return (
        f"(strftime(make_timestamp_ns({name}), '%Y-%m-%dT%H:%M:%S') || "
        f"CASE WHEN {name} % {_NS_PER_S} = 0 THEN '' {digits} END || 'Z')"
    )


def json_text(column: str) -> str:
    """SQL of a JSON value's text: a string without its quotes, anything else as JSON; null is none."""
    string = f"TRY({column} ->> '$')"
    other = f"nullif({column}::VARCHAR, 'null')"
    return f"CASE WHEN starts_with({column}::VARCHAR, '\"') THEN {string} ELSE {other} END"


def _rest() -> list[str]:
    """SQL of the members without a column of their own, those renamed that have the name of one of ours."""
    pointers = {name: quote_literal(f"/{name}") for name in normalise.SENT_NAMES.values()}
    clashes = " OR ".join(f"json_exists({normalise.REST}, {pointer})" for pointer in pointers.values())
    without = quote_literal(orjson.dumps(dict.fromkeys(pointers)).decode())
    others = (
        f"CASE WHEN {clashes} THEN json_merge_patch({normalise.REST}, {without})::VARCHAR ELSE {_REST} END"
    )
    members = [f"nullif(substr({others}, 2, length({others}) - 2), '')"]
    for name, pointer in pointers.items():
        sent = _member(f"{normalise.SENT}{name}", f"json_extract({normalise.REST}, {pointer})::VARCHAR")
        if name in normalise.MARKS:
            as_it_is = _member(name, f"json_extract({normalise.REST}, {pointer})::VARCHAR")
            sent = f"CASE WHEN {quote_identifier(name)} IS NULL THEN {as_it_is} ELSE {sent} END"
        members.append(f"CASE WHEN json_exists({normalise.REST}, {pointer}) THEN {sent} END")
    return members
