"""Reads: every row once, in order, page by page, within their time."""

import threading
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from aggregator.query.parse import parse
from aggregator.store.keep.policy import Policy
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Search
from tests.aggregator.store.opened_store import OpenedStore, opened, seal_each_batch

BASE_S = 1_767_323_045


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpenedStore]:
    with opened(tmp_path) as store:
        yield store


@pytest.fixture
def parts(store: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> OpenedStore:
    """A store of five segments and rows in memory that overlap in time, many at the same moment."""
    seal_each_batch(monkeypatch)
    for batch in range(6):
        store.take(*({"timestamp": BASE_S + (batch + n) % 4, "message": f"{batch}.{n}"} for n in range(10)))
    store.wait_until_sealed()
    assert store.store.size().segments == 5
    return store


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 7, 59, 60, 61])
def test_pages_hold_every_row_once_in_order(parts: OpenedStore, limit: int, newest_first: bool) -> None:
    pages = list(parts.pages(limit, newest_first=newest_first))
    rows = list(chain(*pages))

    keys = [(row["timestamp"], int(row["_id"])) for row in rows]
    assert keys == sorted(keys, reverse=newest_first)
    assert {row["_id"] for row in rows} == {str(number) for number in range(1, 61)}
    assert len(rows) == 60
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1]


@pytest.mark.parametrize("newest_first", [True, False])
def test_rows_that_come_meanwhile_neither_repeat_nor_hide_others(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch, newest_first: bool
) -> None:
    seal_each_batch(monkeypatch)
    for batch in range(3):
        store.take(*({"timestamp": BASE_S, "message": f"{batch}.{n}"} for n in range(10)))
    pages = store.pages(4, newest_first=newest_first)
    seen = [row["_id"] for row in next(pages)]
    for number, page in enumerate(pages):
        seen += [row["_id"] for row in page]
        if number < 5:
            store.take({"timestamp": BASE_S, "message": "new"}, {"timestamp": BASE_S - 9, "message": "old"})
    assert len(seen) == len(set(seen))
    assert {str(number) for number in range(1, 31)} <= set(seen)


def test_start_is_inclusive_and_end_exclusive(parts: OpenedStore) -> None:
    def seconds(start_ns: int | None = None, end_ns: int | None = None) -> set[str]:
        return {row["timestamp"][17:19] for row in parts.rows(start_ns=start_ns, end_ns=end_ns)}

    at = BASE_S * 10**9
    assert seconds() == {"05", "06", "07", "08"}
    assert seconds(start_ns=at + 10**9) == {"06", "07", "08"}
    assert seconds(start_ns=at + 10**9 + 1) == {"07", "08"}
    assert seconds(end_ns=at + 2 * 10**9) == {"05", "06"}
    assert seconds(start_ns=at + 10**9, end_ns=at + 2 * 10**9) == {"06"}
    assert seconds(start_ns=at + 10**9, end_ns=at + 10**9) == set()


def test_a_time_range_in_the_query_narrows_like_the_bounds(parts: OpenedStore) -> None:
    rows = parts.rows("timestamp:[2026-01-02T03:04:06Z TO 2026-01-02T03:04:06Z]")
    assert {row["timestamp"] for row in rows} == {"2026-01-02T03:04:06Z"}


def test_a_search_whose_time_is_over_says_that_it_is_partial(parts: OpenedStore) -> None:
    page = parts.store.search(Search(parse("")), Budget(0.0))
    assert page.partial


def test_a_long_search_stops_in_time(store: OpenedStore) -> None:
    text = "abc " * 250
    for _ in range(5):
        store.take(*({"message": text + str(n)} for n in range(10_000)))
    page = store.store.search(Search(parse("/(a|b|c| )*x/")), Budget(0.02))
    assert page.partial
    assert store.messages("message:*9999")[0].endswith("9999")


def test_the_store_answers_the_next_search_after_an_interrupted_one(parts: OpenedStore) -> None:
    for _ in range(20):
        parts.store.search(Search(parse("")), Budget(0.0005))
    assert len(parts.rows()) == 60


def test_an_empty_store_has_one_empty_page(store: OpenedStore) -> None:
    assert list(store.pages(10, newest_first=True)) == [[]]


class TestTail:
    def test_only_what_came_later_and_matches(self, parts: OpenedStore) -> None:
        rows, missed, reached = parts.store.since(40, parse("message:5.*"), 100)
        assert [row.fields["message"] for row in rows] == [f"5.{number}" for number in range(10)]
        assert (missed, reached) == (0, 60)

    def test_more_than_the_limit_is_counted(self, parts: OpenedStore) -> None:
        rows, missed, reached = parts.store.since(5, parse(""), 7)
        assert [row.seq for row in rows] == list(range(54, 61))
        assert (missed, reached) == (48, 60)

    def test_nothing_new_is_nothing(self, parts: OpenedStore) -> None:
        assert parts.store.since(60, parse(""), 7) == ([], 0, 60)

    def test_repeated_looks_see_each_row_once_while_rows_come_and_are_sealed(
        self, store: OpenedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seal_each_batch(monkeypatch)

        def send() -> None:
            for number in range(25):
                store.take({"message": f"{number}"})

        sender = threading.Thread(target=send)
        sender.start()
        seen: list[int] = []
        reached = 0
        while reached < 25:
            rows, missed, reached = store.store.since(reached, parse(""), 1000)
            assert missed == 0
            seen += [row.seq for row in rows]
        sender.join()
        assert seen == list(range(1, 26))


def test_a_part_that_is_retired_is_read_to_the_end(parts: OpenedStore) -> None:
    with parts.store._catalogue.lease() as leased:
        assert parts.store.retain(Policy(days=1)).rows == 50
        assert len(parts.segment_files()) == 5
        assert parts.store.size().rows == 10
        assert sum(part.rows for part in leased) == 60
    assert parts.segment_files() == []
    assert len(parts.rows()) == 10
