"""A store whose rows have one field in several ways, and what they were."""

from typing import Any

import pytest

from aggregator import limits
from tests.aggregator.store.opened_store import OpenedStore, Row

BASE_S = 1_767_323_040
VALUES: tuple[Any, ...] = (
    1,
    2.5,
    "3",
    "word",
    None,
    True,
    [7],
    {"deep": 4},
    -1e3,
    "",
    12345678901234567890,
    'é\n"x,',
)


def varied_rows() -> list[Row]:
    """Rows of four batches; `v` has a value of every kind, and is missing sometimes."""
    rows = []
    for number in range(80):
        row: Row = {
            "timestamp": BASE_S + number * 13 % 100,
            "message": f"line {number}",
            "service": ("a", "b", None)[number % 3],
            "level": ("INFO", "ERROR")[number % 2],
        }
        if number % 7:
            row["v"] = VALUES[number % len(VALUES)]
        if number % 4 == 0:
            row["nested"] = {"n": number % 5, "a.b": {"c": number % 2}}
        rows.append(row)
    return rows


def fill(store: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Send the rows: to segments with a column for each field and without, and to memory."""
    rows = varied_rows()
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.0)
    monkeypatch.setattr(limits, "SEAL_ROWS", 1)
    columns = limits.FIELD_COLUMNS
    for batch in range(4):
        monkeypatch.setattr(limits, "FIELD_COLUMNS", 2 if batch in {1, 3} else columns)
        store.take(*rows[batch * 20 : batch * 20 + 20])
    store.wait_until_sealed()
    return rows
