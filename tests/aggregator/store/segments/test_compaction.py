"""Compaction makes few large segments of many small ones, writes each record seldom, and changes nothing."""

import threading
from collections.abc import Collection
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.query.parse import parse
from aggregator.store.files import Span
from aggregator.store.segments.compaction import Compactor, due
from aggregator.store.segments.fingerprints import Fingerprints, build
from aggregator.store.segments.index import Facts, Index
from aggregator.store.segments.segment import Segment
from tests.aggregator.store.made_segments import make, rows, workspace
from tests.aggregator.store.opened_store import OpenedStore, Row, opened, seal_each_batch, wait_until

DAY_NS = 24 * 3600 * 10**9
NOW_NS = 20_000 * DAY_NS + 5
YESTERDAY_NS = NOW_NS - DAY_NS
LARGE = limits.SEAL_ROWS // 2
HALF_TEXT = limits.SEAL_BYTES // 2


def segment(
    span: Span,
    *,
    last_ns: int = NOW_NS,
    rows: int | None = None,
    text_bytes: int = 0,
    columns: Collection[str] = (),
) -> Segment:
    """A segment as far as its facts go; there are no files."""
    count = span.last_seq - span.first_seq + 1 if rows is None else rows
    facts = Facts(
        rows=count,
        first_ns=last_ns,
        last_ns=last_ns,
        columns=tuple(columns),
        levels=(),
        counts=b"",
        has_rest=False,
        text_bytes=text_bytes,
        segment_bytes=1,
        segment_crc32=1,
    )
    nothing = Fingerprints(build(np.empty(0, np.uint64)))
    return Segment(Path("/nowhere/segment.parquet"), span, Index(facts, nothing))


def in_a_row(*sizes: int, last_ns: int = NOW_NS) -> list[Segment]:
    """Segments that follow each other."""
    made = []
    first_seq = 1
    for size in sizes:
        made.append(segment(Span(first_seq, first_seq + size - 1), last_ns=last_ns))
        first_seq += size
    return made


def merged(run: Collection[Segment]) -> Segment:
    """What compaction makes of segments."""
    span = Span(
        min(part.first_seq for part in run),
        max(part.last_seq for part in run),
        max(part.span.generation for part in run) + 1,
    )
    columns = dict.fromkeys(name for part in run for name in part.index.facts.columns)
    return segment(
        span,
        last_ns=max(part.last_ns for part in run),
        rows=sum(part.rows for part in run),
        text_bytes=sum(part.index.facts.text_bytes for part in run),
        columns=columns,
    )


@st.composite
def neighbours(draw: st.DrawFn) -> list[Segment]:
    """Segments of all kinds, one behind the other."""
    made = []
    first_seq = 1
    for _ in range(draw(st.integers(0, 30))):
        size = draw(st.sampled_from([1, 2, 100, 5000, 20_000, LARGE - 1, LARGE, limits.SEAL_ROWS]))
        first_seq += draw(st.sampled_from([0, 0, 7]))
        made.append(
            segment(
                Span(first_seq, first_seq + size - 1),
                last_ns=draw(st.sampled_from([NOW_NS, NOW_NS, YESTERDAY_NS, YESTERDAY_NS - 1, 0])),
                text_bytes=draw(st.sampled_from([0, 0, 1000, HALF_TEXT])),
                columns=draw(st.sampled_from([(), ("a",), ("A",), ("b", "c")])),
            )
        )
        first_seq += size
    return draw(st.permutations(made))


@given(neighbours(), st.booleans())
def test_what_is_chosen_follows_each_other_and_fits(segments: list[Segment], one_stays: bool) -> None:
    staying = {part.span for part in segments[:1]} if one_stays else set()
    run = due(segments, NOW_NS, staying)
    if run is None:
        return
    ordered = sorted(segments, key=lambda part: part.first_seq)
    begin = ordered.index(run[0])
    assert ordered[begin : begin + len(run)] == list(run)
    assert len(run) > 1
    assert not {part.span for part in run} & staying
    assert len({part.last_ns // DAY_NS for part in run}) == 1
    assert sum(part.rows for part in run) <= limits.SEAL_ROWS
    assert 2 * max(part.rows for part in run) <= sum(part.rows for part in run)
    assert sum(part.index.facts.text_bytes for part in run) <= limits.SEAL_BYTES
    names = {name for part in run for name in part.index.facts.columns}
    assert len({name.casefold() for name in names}) == len(names)


@given(neighbours())
def test_each_time_that_a_record_is_written_again_its_segment_doubles(segments: list[Segment]) -> None:
    present = segments
    times = dict.fromkeys((part.span for part in segments), 0)
    while (run := due(present, NOW_NS)) is not None:
        made = merged(run)
        times[made.span] = 1 + max(times[part.span] for part in run)
        present = [part for part in present if part not in run] + [made]
        assert made.rows >= 2 ** times[made.span]
    assert sum(part.rows for part in present) == sum(part.rows for part in segments)


@pytest.mark.parametrize("size", [1, 100, 4000, 17_000, 40_000])
def test_a_day_of_small_segments_becomes_few_large_ones(size: int) -> None:
    present: list[Segment] = []
    written = seq = 0
    for _ in range(200):
        present.append(segment(Span(seq + 1, seq + size)))
        seq += size
        while (run := due(present, NOW_NS)) is not None:
            written += sum(part.rows for part in run)
            present = [part for part in present if part not in run] + [merged(run)]
        assert len(present) <= 2 * limits.COMPACT_SEGMENTS + seq // LARGE
    assert written <= 4 * seq
    while (run := due(present, NOW_NS + DAY_NS)) is not None:
        present = [part for part in present if part not in run] + [merged(run)]
    assert len(present) <= 4 + seq // LARGE


def test_few_small_segments_wait_until_their_day_is_over() -> None:
    few = in_a_row(*[10] * (limits.COMPACT_SEGMENTS - 1))
    assert due(few, NOW_NS) is None
    assert due(few, NOW_NS + DAY_NS) == few
    enough = in_a_row(*[10] * limits.COMPACT_SEGMENTS)
    assert due(enough, NOW_NS) == enough
    large_together = in_a_row(LARGE // 2, LARGE // 2)
    assert due(large_together, NOW_NS) == large_together


def test_one_segment_and_none_stay() -> None:
    assert due([], NOW_NS) is None
    assert due(in_a_row(1), NOW_NS + DAY_NS) is None


def test_segments_of_two_days_stay_apart() -> None:
    parts = in_a_row(10, 10)
    parts[0].last_ns = YESTERDAY_NS
    assert due(parts, NOW_NS + DAY_NS) is None


def test_nothing_is_made_across_a_segment_that_stays() -> None:
    parts = in_a_row(10, LARGE, 10, 10)
    assert due(parts, NOW_NS + DAY_NS) == parts[2:]
    assert due(parts[:3], NOW_NS + DAY_NS) is None
    small = in_a_row(10, 10, 10)
    assert due(small, NOW_NS + DAY_NS, {small[1].span}) is None


def test_much_text_stays_apart() -> None:
    parts = [segment(Span(seq, seq), text_bytes=HALF_TEXT) for seq in range(1, 4)]
    assert due(parts, NOW_NS + DAY_NS) == parts[:2]
    parts = [segment(Span(seq, seq), text_bytes=limits.SEAL_BYTES) for seq in range(1, 4)]
    assert due(parts, NOW_NS + DAY_NS) is None


def test_no_segment_gets_more_columns_than_may_be() -> None:
    names = [f"field_{number}" for number in range(limits.FIELD_COLUMNS - 2)]
    full = segment(Span(1, 1), columns=names)
    same = segment(Span(2, 2), columns=names[:5])
    assert due([full, same], NOW_NS + DAY_NS) == [full, same]
    assert due([full, segment(Span(2, 2), columns=["other"])], NOW_NS + DAY_NS) is None
    assert (
        due([segment(Span(1, 1), columns=["x"]), segment(Span(2, 2), columns=["X"])], NOW_NS + DAY_NS) is None
    )


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenedStore:
    """A store of 20 segments and a log file whose lines are in memory."""
    store = OpenedStore(tmp_path)
    seal_each_batch(monkeypatch)
    for number in range(21):
        store.take({"message": f"m{number}", "uid": f"u{number}", f"field_{number % 3}": number})
    store.wait_until_sealed()
    monkeypatch.setattr(limits, "SEAL_ROWS", 1000)
    return store


def tail(store: OpenedStore) -> tuple[list[bytes], int, int]:
    found, missed, reached = store.store.since(3, parse("field_1:>0"), 100)
    return [orjson.dumps(dict(record.fields)) for record in found], missed, reached


def test_reads_are_the_same_before_during_and_after(many: OpenedStore) -> None:
    before = many.rows()
    live = tail(many)
    assert len(live[0]) == 6
    done = threading.Event()
    differences = list[object]()
    looks = 0

    def read() -> None:
        nonlocal looks
        while not done.is_set():
            looks += 1
            if (found := many.rows()) != before:
                differences.append(found)
            if (found_live := tail(many)) != live:
                differences.append(found_live)

    reader = threading.Thread(target=read)
    reader.start()
    assert many.store._compactor.compact()
    assert not many.store._compactor.compact()
    done.set()
    reader.join()
    assert looks
    assert not differences
    assert many.rows() == before
    assert tail(many) == live
    assert [Span.of(path) for path in many.segment_files()] == [Span(1, 20, 1)]
    assert many.store.size().rows == 21
    many.take({"message": "again", "uid": "u3"}, {"message": "new"})
    many.store.close()
    with opened(many.folder) as store:
        assert [row["message"] for row in store.rows()] == [*(row["message"] for row in before), "new"]
        store.take({"message": "again", "uid": "u3"})
        assert len(store.rows()) == 22


def test_it_happens_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMPACT_INTERVAL_S", 0.01)
    monkeypatch.setattr(limits, "COMPACT_SEGMENTS", 2)
    seal_each_batch(monkeypatch)
    with opened(tmp_path) as store:
        for number in range(9):
            store.take({"message": f"{number}"})
        monkeypatch.setattr(limits, "SEAL_ROWS", 1000)
        wait_until(lambda: store.store.size().segments < 4)
        assert store.messages() == [f"{number}" for number in range(9)]


def test_nothing_that_the_log_still_has_is_compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMPACT_SEGMENTS", 2)
    with workspace(tmp_path) as space:
        lines: list[Row] = [{"message": f"{number}"} for number in range(6)]
        parts = [make(space, seq, line) for seq, line in enumerate(lines, 1)]
        for part in parts:
            space.catalogue.add(part)
            space.unsealed.add(part.first_seq, part.last_seq)
        compactor = Compactor(space, busy=lambda: True)
        before = rows(space, parts)
        assert not compactor.compact()
        # The third line waits in the log, so what follows it stays too.
        space.unsealed.sealed(1, 2)
        space.unsealed.sealed(4, 6)
        assert compactor.compact()
        assert not compactor.compact()
        with space.catalogue.lease() as present:
            segments = [part for part in present if isinstance(part, Segment)]
            assert sorted(part.span for part in segments) == [
                Span(1, 2, 1),
                *(Span(n, n) for n in (3, 4, 5, 6)),
            ]
            assert rows(space, segments) == before
        space.unsealed.sealed(3, 3)
        assert compactor.compact()
        compactor.stop()


def test_segments_that_can_not_be_read_do_not_keep_the_others_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "COMPACT_SEGMENTS", 2)
    monkeypatch.setattr(limits, "COMPACT_INTERVAL_S", 0.01)
    with workspace(tmp_path) as space:
        parts = [make(space, seq, {"message": f"{seq}", "x" if seq < 3 else "X": 1}) for seq in range(1, 5)]
        for part in parts:
            space.catalogue.add(part)
            space.unsealed.add(part.first_seq, part.last_seq)
            space.unsealed.sealed(part.first_seq, part.last_seq)
        parts[0].path.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
        compactor = Compactor(space, busy=lambda: False)
        wait_until(lambda: len(space.layout.segment_files()) == 3)
        compactor.stop()
        assert [Span.of(path) for path in space.layout.segment_files()] == [
            Span(1, 1),
            Span(2, 2),
            Span(3, 4, 1),
        ]
