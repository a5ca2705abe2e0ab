"""Lines around a line, and lines of one request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.errors import NotFoundError, ReadTimeoutError
from aggregator.store.read.around import trace_node
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Context, Search
from tests.aggregator.store.opened_store import OpenedStore, opened, seal_each_batch

BASE_S = 1_767_323_045


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedStore]:
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        for batch in range(3):
            store.take(
                *(
                    {
                        "timestamp": BASE_S + batch * 10 + n // 2,
                        "message": f"{batch}.{n}",
                        "service": ("a", "b", None)[n % 3],
                        "host": "h" if n < 9 else "other",
                    }
                    for n in range(10)
                )
            )
        yield store


def shown(context: Context) -> tuple[list[object], object, list[object]]:
    before, after = ([row.fields["message"] for row in rows] for rows in (context.before, context.after))
    return before, context.row.fields["message"], after


def test_lines_before_and_after_are_of_the_same_service_and_host(store: OpenedStore) -> None:
    (row,) = store.rows("message:1.3")
    context = store.store.context(int(row["_id"]), 3, Budget())
    assert shown(context) == (["0.3", "0.6", "1.0"], "1.3", ["1.6", "2.0", "2.3"])
    assert not context.partial


def test_a_line_without_service_has_those_without_one_around_it(store: OpenedStore) -> None:
    (row,) = store.rows("message:0.5")
    assert shown(store.store.context(int(row["_id"]), 2, Budget())) == (["0.2"], "0.5", ["0.8", "1.2"])


def test_no_lines_around_may_be_asked_for(store: OpenedStore) -> None:
    assert shown(store.store.context(1, 0, Budget())) == ([], "0.0", [])


@pytest.mark.parametrize("seq", [0, 31, 2**63])
def test_a_number_that_no_line_has_is_not_found(store: OpenedStore, seq: int) -> None:
    with pytest.raises(NotFoundError):
        store.store.context(seq, 3, Budget())


def test_without_time_there_is_no_line_to_answer(store: OpenedStore) -> None:
    with pytest.raises(ReadTimeoutError):
        store.store.context(1, 3, Budget(0.0))


def test_a_trace_has_all_lines_of_its_id_whatever_field_has_it(store: OpenedStore) -> None:
    trace_id = "ab" * 16
    store.take(
        {"timestamp": BASE_S + 3, "message": "third", "correlation_id": trace_id, "service": "a"},
        {"timestamp": BASE_S + 1, "message": "first", "trace_id": trace_id.upper(), "service": "b"},
        {"timestamp": BASE_S + 2, "message": "second", "trace_id": trace_id, "correlation_id": "own"},
        {"timestamp": BASE_S + 2, "message": "no", "correlation_id": trace_id[:-1]},
    )
    page = store.store.search(Search(trace_node(trace_id), newest_first=False), Budget())
    assert [row.fields["message"] for row in page.rows] == ["first", "second", "third"]
