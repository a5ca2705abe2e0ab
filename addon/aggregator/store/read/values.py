"""SQL of a field's value in one part, for grouping by it and for computing with it."""

from dataclasses import dataclass

from aggregator.query.resolve import JsonField, Place, RecordField, resolve
from aggregator.query.value_filter import read_number
from aggregator.record import normalise
from aggregator.record.fields import RECORD_FIELDS, TIME_FIELDS
from aggregator.sql import quote_identifier, quote_literal
from aggregator.store.part import View
from aggregator.store.read.row_text import json_text, time_text

_RECORD_COLUMNS = {name: name for name in RECORD_FIELDS}
_NO_VALUE = "NULL::VARCHAR"


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it was asked for: a record field, one of a sender's, or a dotted path into one.

    Args:
        name: its name.
    """

    name: str

    @property
    def is_json(self) -> bool:
        """Whether its values are JSON text, and not plain text."""
        return self.name not in RECORD_FIELDS

    def value(self, view: View) -> str:
        """SQL of the value as the part has it; NULL where there is none.

        Grouping by this is cheap; what comes out of it is made text by `text`.
        """
        places = resolve(self.name, {**_RECORD_COLUMNS, **view.columns}, normalise.REST)
        values = [value for place in places for value in self._values(place)]
        if not values:
            return _NO_VALUE
        return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"

    def text(self, value: str) -> str:
        """SQL of the text of a value: a time as RFC 3339, a string without its quotes, all else as JSON."""
        if self.name in TIME_FIELDS:
            return time_text(f"{value}::BIGINT")
        return json_text(value) if self.is_json else value

    def number(self, view: View) -> str:
        """SQL of the value as a DOUBLE, of a number or of a string that reads as one; else NULL."""
        value = self.value(view)
        if not self.is_json:
            return f"TRY_CAST({read_number(value)} AS DOUBLE)"
        string = read_number(f"TRY(({value}) ->> '$')")
        return (
            f"coalesce(TRY_CAST({value} AS DOUBLE), "
            f"CASE WHEN starts_with({value}, '\"') THEN TRY_CAST({string} AS DOUBLE) END)"
        )

    def may_have(self, view: View) -> str:
        """SQL that holds for each row with a value, so plain that the engine skips the others by it."""
        places = resolve(self.name, {**_RECORD_COLUMNS, **view.columns}, normalise.REST)
        columns = dict.fromkeys(quote_identifier(place.column) for place in places)
        return " OR ".join(f"{column} IS NOT NULL" for column in columns) or "FALSE"

    def _values(self, place: Place) -> list[str]:
        column = quote_identifier(place.column)
        match place:
            case RecordField(name) if name in TIME_FIELDS:
                return [f"to_json({time_text(column)})::VARCHAR" if self.is_json else f"{column}::VARCHAR"]
            case RecordField():
                return [f"to_json({column})::VARCHAR" if self.is_json else column]
            case JsonField(_, pointers):
                raw = [
                    f"TRY(json_extract({column}, {quote_literal(pointer)}))::VARCHAR" for pointer in pointers
                ]
                return [f"nullif({value}, 'null')" for value in raw or [f"{column}::VARCHAR"]]
