"""From a syntax tree to a condition in DuckDB's SQL.

No text of a search becomes part of the SQL: values are bound, and names are those of known columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.query.ast import And, Exists, Literally, MatchAll, Node, Not, Or, Regex, Term, Test, Wildcard
from aggregator.query.fragment import TRUE, SqlFilter, all_of, any_of, negation
from aggregator.query.json_filter import json_filter
from aggregator.query.levels import matching_levels
from aggregator.query.resolve import JsonField, Place, RecordField, resolve
from aggregator.query.spelling import Spelled, unknown
from aggregator.query.times import time_interval
from aggregator.query.value_filter import text_filter
from aggregator.query.words_filter import words_filter
from aggregator.record.fields import LEVELS, RUNNING_TEXT_FIELDS, TIME_FIELDS
from aggregator.sql import quote_identifier

__all__ = ["SqlFilter", "compile_filter"]


def compile_filter(
    node: Node,
    columns: Mapping[str, str],
    now_ns: int,
    *,
    rest: str | None = None,
    spelled: Spelled = unknown,
) -> SqlFilter:
    """Compile a search for one relation of records.

    Args:
        node: the search.
        columns: the relation's column of each field that has one, by the field's exact name. Columns of
            `timestamp` and `observed` are BIGINT (ns since the epoch, UTC), of other record fields VARCHAR,
            of all others JSON (or VARCHAR) with the text of one JSON value without space around it.
        now_ns: the present in nanoseconds since the epoch.
        rest: the column of JSON objects with every field that has no column, if there is one.
        spelled: how words are written in the relation's running text.

    Returns:
        The condition in brackets, so that others can be joined to it.

    Raises:
        QueryValueError: if a term asks its field for what it can't have; never for a parsed search.
    """
    condition = _Compiler(columns, rest, now_ns, spelled).node(node)
    return SqlFilter(f"({condition.sql})", condition.parameters)


@dataclass(frozen=True, slots=True)
class _Compiler:
    columns: Mapping[str, str]
    rest: str | None
    now_ns: int
    spelled: Spelled

    def node(self, node: Node) -> SqlFilter:
        match node:
            case MatchAll():
                return TRUE
            case And(operands):
                return all_of(map(self.node, operands))
            case Or(operands):
                return any_of(map(self.node, operands))
            case Not(operand):
                return negation(self.node(operand))
            case Term():
                return self._term(node.field, node.test)

    def _term(self, field: str | None, test: Test) -> SqlFilter:
        if field is not None:
            return any_of(self._place(place, test) for place in resolve(field, self.columns, self.rest))
        if isinstance(test, Exists):
            return TRUE
        names = (name for name in RUNNING_TEXT_FIELDS if name in self.columns)
        return any_of(self._running_text(name, quote_identifier(self.columns[name]), test) for name in names)

    def _place(self, place: Place, test: Test) -> SqlFilter:
        column = quote_identifier(place.column)
        match place:
            case JsonField():
                return json_filter(column, place.pointers, test)
            case RecordField("level"):
                return _level_filter(column, test)
            case RecordField(name) if name in TIME_FIELDS:
                return _time_filter(column, test, self.now_ns)
            case RecordField(name) if name in RUNNING_TEXT_FIELDS:
                return self._running_text(name, column, test)
            case RecordField():
                return text_filter(column, test)

    def _running_text(self, field: str, column: str, test: Test) -> SqlFilter:
        if isinstance(test, Literally | Wildcard):
            return words_filter(column, test, lambda word: self.spelled(field, word))
        return text_filter(column, test)


def _level_filter(column: str, test: Test) -> SqlFilter:
    if isinstance(test, Regex):
        return SqlFilter(f"regexp_matches({column}, ?)", (f"(?i){test.pattern}",))
    levels = [level for level in LEVELS if level in matching_levels(test)]
    return any_of(SqlFilter(f"{column} = ?", (level,)) for level in levels)


def _time_filter(column: str, test: Test, now_ns: int) -> SqlFilter:
    start_ns, end_ns = time_interval(test, now_ns)
    limits = [SqlFilter(f"{column} IS NOT NULL")]
    if start_ns is not None:
        limits.append(SqlFilter(f"{column} >= ?", (start_ns,)))
    if end_ns is not None:
        limits.append(SqlFilter(f"{column} < ?", (end_ns,)))
    return all_of(limits)
