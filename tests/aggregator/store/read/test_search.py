"""Pages: in both directions, honest about time, from frequent rows to needles."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import limits
from aggregator.query.parse import parse
from aggregator.store.read import search as search_module
from aggregator.store.read.budget import Budget
from aggregator.store.read.reading import Reading
from aggregator.store.reads import Page, Search
from tests.aggregator.store.opened_store import OpenedStore, opened, seal_each_batch

BASE_S = 1_767_323_045
ROWS = 100


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedStore]:
    """Nine segments and rows in memory that overlap in time, many at the same moment."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.0)
        seal_each_batch(monkeypatch)
        with opened(tmp_path_factory.mktemp("search")) as store:
            for batch in range(10):
                store.take(
                    *(
                        {
                            "timestamp": BASE_S + 2 * batch + n % 5,
                            "message": f"{batch}.{n}",
                            "correlation_id": f"c{n % 4}",
                            f"n{n % 3}": n,
                        }
                        for n in range(10)
                    )
                )
            store.wait_until_sealed()
            yield store


def ids(page: Page) -> list[int]:
    return [record.seq for record in page.rows]


def everything(store: OpenedStore, query: str, *, newest_first: bool) -> list[int]:
    return [int(row["_id"]) for row in store.rows(query, newest_first=newest_first)]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.booleans(), st.sampled_from(["", "n1:*", "message:3.*", "correlation_id:c1", "absent"]))
def test_pages_lead_to_and_fro_through_the_same_rows(
    store: OpenedStore, data: st.DataObject, newest_first: bool, query: str
) -> None:
    rows = everything(store, query, newest_first=newest_first)
    place = 0
    page = store.store.search(Search(parse(query), limit=7, newest_first=newest_first), Budget())
    assert ids(page) == rows[:7]
    while page.next is not None and page.previous is not None:
        size = data.draw(st.integers(1, 12))
        if data.draw(st.sampled_from(["on", "on", "back"])) == "on":
            place += len(page.rows)
            page = store.store.search(
                Search(parse(query), limit=size, newest_first=newest_first, after=page.next), Budget()
            )
            assert ids(page) == rows[place : place + size]
        else:
            page = store.store.search(
                Search(parse(query), limit=size, newest_first=newest_first, before=page.previous), Budget()
            )
            assert ids(page) == rows[max(place - size, 0) : place]
            place = max(place - size, 0)


def test_the_way_back_from_the_first_page_leads_to_what_came_meanwhile(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take({"message": "first"}, {"message": "second"})
        page = store.store.search(Search(parse("")), Budget())
        back = Search(parse(""), before=page.previous)
        assert store.store.search(back, Budget()).rows == []
        store.take({"message": "third"})
        found = store.store.search(back, Budget())
        assert [row.fields["message"] for row in found.rows] == ["third"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_page_that_ran_out_of_time_hides_nothing_from_the_next(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch, newest_first: bool
) -> None:
    """The time is over after ever more parts; the pages together still have every row once, in order."""
    monkeypatch.setattr(search_module, "_GROWTH", 1)
    scan = Reading.scan
    budget = Budget()
    left = 0

    def counted(reading, groups, read):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        nonlocal left
        left -= 1
        if left == 0:
            budget.cancel()
        return scan(reading, groups, read)

    monkeypatch.setattr(Reading, "scan", counted)
    seen: list[int] = []
    after = None
    partial_pages = 0
    for number in range(100):
        budget = Budget()
        left = 2 + number
        page = store.store.search(
            Search(parse(""), limit=1000, newest_first=newest_first, after=after), budget
        )
        seen += ids(page)
        partial_pages += page.partial
        after = page.next or (after if page.partial else None)
        if after is None and not page.partial:
            break
    monkeypatch.undo()
    assert partial_pages
    assert seen == everything(store, "", newest_first=newest_first)


def test_a_page_of_the_newest_rows_reads_few_of_a_large_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "_PROBED_ROWS", 100)
    with opened(tmp_path) as store:
        store.take(*({"timestamp": BASE_S + n, "message": f"{n}", "even": n % 2 == 0} for n in range(2000)))
        newest = [f"{n}" for n in range(1999, 1899, -1)]
        assert store.messages(limit=100, newest_first=True) == newest
        assert store.messages("even:true", limit=3, newest_first=True) == ["1998", "1996", "1994"]
        assert store.messages("7", limit=3, newest_first=True) == ["7"]
        assert store.messages(limit=2, newest_first=True, end_ns=(BASE_S + 50) * 10**9) == ["49", "48"]
        assert store.messages(limit=2, newest_first=False, start_ns=(BASE_S + 50) * 10**9) == ["50", "51"]


def test_parts_behind_a_full_page_are_not_read(store: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.store._catalogue.lease() as parts:
        oldest = min(parts, key=lambda part: part.first_ns)
        monkeypatch.setattr(oldest, "view", None)
        assert len(store.store.search(Search(parse(""), limit=5), Budget()).rows) == 5
