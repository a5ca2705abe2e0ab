"""Lines as a table of the engine."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.store.load import line_table
from aggregator.store.load.line_table import NAME, LineTable

_LINE = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=40)


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def table_of(batches: list[list[str]]) -> LineTable:
    return LineTable(lambda: ("".join(f"{line}\n" for line in batch).encode() for batch in batches))


def read(connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [line for (line,) in connection.execute(f"SELECT json FROM {NAME}").fetchall()]


@given(st.lists(st.lists(_LINE, max_size=5), max_size=4))
def test_lines_are_read_in_order_as_often_as_wanted(batches: list[list[str]]) -> None:
    lines = [f"{line}\n" for batch in batches for line in batch]
    with duckdb.connect() as connection, table_of(batches).readable(connection):
        assert read(connection) == read(connection) == lines


def test_a_batch_is_made_when_the_ones_before_it_were_read(database: duckdb.DuckDBPyConnection) -> None:
    made = []

    def batches() -> Iterator[bytes]:
        for number in range(50):
            made.append(number)
            yield b"{}\n" * 5000

    with LineTable(batches).readable(database):
        assert database.execute(f"SELECT json FROM {NAME} LIMIT 1").fetchall() == [("{}\n",)]
    assert len(made) < 10


def test_what_giving_lines_raises_is_raised_where_they_are_read(database: duckdb.DuckDBPyConnection) -> None:
    def batches() -> Iterator[bytes]:
        yield b"{}\n"
        raise OSError("the log is gone")

    with pytest.raises(OSError, match="the log is gone"), LineTable(batches).readable(database):
        read(database)


def test_an_error_of_the_engine_stays_what_it_is(database: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.ConversionException), table_of([["no number"]]).readable(database):
        database.execute(f"SELECT json::INT FROM {NAME}").fetchall()


def test_streams_that_were_read_or_given_up_are_let_go(database: duckdb.DuckDBPyConnection) -> None:
    with table_of([["{}"], ["{}"]]).readable(database):
        read(database)
        database.execute(f"SELECT json FROM {NAME} LIMIT 1").fetchall()
    assert not line_table._open


def test_only_the_connection_that_is_given_reads_them_and_only_meanwhile(
    database: duckdb.DuckDBPyConnection,
) -> None:
    table = table_of([["{}"]])
    with database.cursor() as other:
        with table.readable(database), pytest.raises(duckdb.CatalogException):
            read(other)
        with pytest.raises(duckdb.CatalogException):
            read(database)
