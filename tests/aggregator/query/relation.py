"""Records as a relation in DuckDB, laid out as the store lays them out."""

import json
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

import duckdb

from aggregator.query.ast import Node
from aggregator.query.sql import compile_filter
from aggregator.record.fields import RECORD_FIELDS, TIME_FIELDS
from aggregator.sql import quote_identifier
from tests.aggregator.query.oracle import Record

REST = "_rest"


class Relation:
    """A table of records; made-up fields named in `with_column` get one, the others share the rest.

    Columns' names differ from fields' on purpose: SQL's names know no case, fields' do.
    """

    def __init__(
        self, records: Sequence[Record], with_column: Iterable[str] = (), json_type: str = "JSON"
    ) -> None:
        record_fields = [name for name in RECORD_FIELDS if any(name in record for record in records)]
        made_up = [name for name in with_column if name not in RECORD_FIELDS]
        self.columns = {name: name for name in record_fields}
        self.columns |= {name: f'{name[:1]}"{number}' for number, name in enumerate(made_up)}
        self._connection = duckdb.connect(config={"threads": 1})
        types = ["BIGINT" if name in TIME_FIELDS else "VARCHAR" for name in record_fields]
        types += [json_type] * len(made_up)
        listed = ", ".join(
            f"{quote_identifier(column)} {column_type}"
            for column, column_type in zip(self.columns.values(), types, strict=True)
        )
        self._connection.execute(f"CREATE TABLE records (number INTEGER, {REST} JSON, {listed})")
        for number, record in enumerate(records):
            rest = {
                name: raw
                for name, raw in record.items()
                if name not in RECORD_FIELDS and name not in self.columns
            }
            rest_json = "{" + ",".join(f"{json.dumps(name)}:{raw}" for name, raw in rest.items()) + "}"
            row = [number, rest_json if rest else None, *(record.get(name) for name in self.columns)]
            self._connection.table("records").insert(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()

    def search(self, node: Node, now_ns: int) -> list[int]:
        """The numbers of the records that match."""
        condition = compile_filter(node, self.columns, now_ns, rest=REST)
        rows = self._connection.execute(
            f"SELECT number FROM records WHERE number >= 0 AND {condition.sql} ORDER BY number",  # noqa: S608 # what is under test
            condition.parameters,
        ).fetchall()
        return [number for (number,) in rows]
