from datetime import UTC, datetime, timedelta

import orjson
import pytest

from benchmarks.store.blocks import Block, Span

_START = datetime(2026, 5, 31, 23, 58, tzinfo=UTC)


def _records(block: Block, numbers: range, start: datetime) -> list[dict[str, str]]:
    return [orjson.loads(line) for body in block.copies(numbers, start) for line in body.splitlines()]


def test_the_lines_of_all_copies_follow_each_other_in_time() -> None:
    block = Block(500, Span.MINUTE, rows_per_body=200)
    times = [datetime.fromisoformat(record["timestamp"]) for record in _records(block, range(4), _START)]
    assert len(times) == 4 * 500
    assert times == sorted(times)
    for number in range(4):
        first, last = times[number * 500], times[number * 500 + 499]
        start = _START + timedelta(minutes=number)
        assert start < first < last < start + timedelta(minutes=1)


def test_ids_of_one_copy_occur_in_no_other() -> None:
    block = Block(300, Span.HOUR)
    start = _START.replace(minute=0)
    ids = [
        {record["correlation_id"] for record in _records(block, range(n, n + 1), start)} for n in (0, 1, 2)
    ]
    assert all(ids)
    assert not ids[0] & ids[1]
    assert not ids[1] & ids[2]
    assert {len(one) for copy in ids for one in copy} == {32}


def test_copies_differ_in_times_and_ids_only() -> None:
    block = Block(300, Span.MINUTE)
    first, second = (_records(block, range(n, n + 1), _START) for n in (0, 1))
    for one, other in zip(first, second, strict=True):
        different = {name for name in one if one[name] != other[name]}
        assert {"timestamp", "correlation_id"} <= different <= {"timestamp", "correlation_id", "request_id"}


def test_lines_are_those_of_the_copy() -> None:
    block = Block(300, Span.MINUTE, rows_per_body=70)
    assert b"\n".join(block.lines(3, _START)) + b"\n" == b"".join(block.copies(range(3, 4), _START))


@pytest.mark.parametrize("rows", [1, 2, 10, 250])
@pytest.mark.parametrize("span", Span)
def test_a_block_of_few_lines_fits_its_span(rows: int, span: Span) -> None:
    assert len(Block(rows, span).lines(0, _START)) == rows
