"""The time of a read: it ends by itself, and at once when nobody waits."""

import threading
import time
from collections.abc import Iterator

import duckdb
import pytest

from aggregator.store.read.budget import Budget

ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 7"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def test_a_statement_is_interrupted_when_the_time_is_over(connection: duckdb.DuckDBPyConnection) -> None:
    budget = Budget(0.05)
    started_s = time.monotonic()
    with budget.running(), budget.spent_on(connection), pytest.raises(duckdb.InterruptException):
        connection.execute(ENDLESS)
    assert budget.is_over
    assert time.monotonic() - started_s < 2


def test_a_statement_is_interrupted_when_it_is_cancelled(connection: duckdb.DuckDBPyConnection) -> None:
    budget = Budget(60)
    threading.Timer(0.05, budget.cancel).start()
    with budget.running(), budget.spent_on(connection), pytest.raises(duckdb.InterruptException):
        connection.execute(ENDLESS)
    assert budget.is_over


def test_a_statement_that_begins_after_the_end_is_interrupted_too(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    budget = Budget(0.0)
    with budget.running(), budget.spent_on(connection):
        time.sleep(0.05)
        with pytest.raises(duckdb.InterruptException):
            connection.execute(ENDLESS)


def test_what_is_cancelled_before_it_begins_is_over() -> None:
    budget = Budget(60)
    budget.cancel()
    assert budget.is_over


def test_the_time_runs_from_when_the_read_begins() -> None:
    budget = Budget(0.05)
    time.sleep(0.06)
    assert not budget.is_over
    with budget.running():
        assert not budget.is_over


def test_other_statements_of_the_connection_go_on_afterwards(connection: duckdb.DuckDBPyConnection) -> None:
    budget = Budget(0.01)
    with budget.running(), budget.spent_on(connection), pytest.raises(duckdb.InterruptException):
        connection.execute(ENDLESS)
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
