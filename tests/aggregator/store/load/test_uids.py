"""Uids are known for as long as they have to be."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.store.load import uids

lists = st.lists(st.sampled_from(["", "a", "b", "c", "é"]) | st.none(), max_size=6)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        uids.create(connection)
        yield connection


def relation(first_seq: int, *values: str | None) -> str:
    rows = ", ".join(
        f"({seq}::UBIGINT, {'NULL' if value is None else repr(value)}::VARCHAR)"
        for seq, value in enumerate(values, first_seq)
    )
    return f"(VALUES {rows or '(0::UBIGINT, NULL)'}) records(_seq, uid)"


@given(lists, lists)
def test_what_came_before_is_known(before: list[str | None], after: list[str | None]) -> None:
    with duckdb.connect() as connection:
        uids.create(connection)
        uids.remember(connection, relation(1, *before))
        sent = [value for value in after if value]
        repeated = len(set(sent)) < len(sent) or bool(set(sent) & set(before))
        assert uids.any_came_before(connection, relation(len(before) + 1, *after)) is repeated


def test_what_is_old_is_forgotten(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DUPLICATE_WINDOW_ROWS", 2)
    uids.forget_old(connection)
    uids.remember(connection, relation(1, "a", "b", "c", "d"))
    uids.forget_old(connection)
    known = [uids.any_came_before(connection, relation(9, value)) for value in "abcd"]
    assert known == [False, True, True, True]
