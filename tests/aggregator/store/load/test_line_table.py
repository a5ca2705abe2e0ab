"""Lines as a table of the engine."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.load.line_table import NAME, LineTable

_LINE = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=40)


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def table_of(batches: list[list[str]]) -> LineTable:
    table = LineTable()
    for batch in batches:
        table.add("".join(f"{line}\n" for line in batch).encode())
    return table


def read(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [line for (line,) in connection.execute(f"SELECT json FROM {NAME}").fetchall()]


@given(st.lists(st.lists(_LINE, max_size=5), max_size=4))
def test_lines_are_read_in_order_as_often_as_wanted_and_once_more(batches: list[list[str]]) -> None:
    table = table_of(batches)
    lines = [f"{line}\n" for batch in batches for line in batch]
    with duckdb.connect() as connection, table.readable(connection):
        assert read(connection) == read(connection) == lines
        table.let_go()
        assert read(connection) == lines


def test_the_table_is_empty_once_lines_that_were_let_go_are_read(database: duckdb.DuckDBPyConnection) -> None:
    table = table_of([["{}"]])
    with table.readable(database):
        table.let_go()
        assert read(database) == ["{}\n"]
        assert read(database) == []


def test_only_the_connection_that_is_given_reads_them_and_only_meanwhile(
    database: duckdb.DuckDBPyConnection,
) -> None:
    table = table_of([["{}"]])
    with database.cursor() as other:
        with table.readable(database), pytest.raises(duckdb.CatalogException):
            read(other)
        with pytest.raises(duckdb.CatalogException):
            read(database)
