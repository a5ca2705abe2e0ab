"""Indexes know every word and value of their segment, and are made again when they are lost."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.query.needles import Value, Word
from aggregator.query.spelling import Spelling
from aggregator.store.files import INDEX_SUFFIX
from aggregator.store.segments import index, segment
from aggregator.store.segments.index import VALUE_FIELDS, IndexDamagedError
from aggregator.store.segments.segment import Segment
from aggregator.store.workspace import Workspace
from tests.aggregator.store.made_segments import make, may_hold, rows, workspace
from tests.aggregator.store.opened_store import Row

texts = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("aK_7 \n\x00\u212a\u0130é"))
sent = st.fixed_dictionaries(
    {}, optional=dict.fromkeys((*VALUE_FIELDS, "message", "exception", "number", "uidless"), texts)
)


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Workspace]:
    with workspace(tmp_path) as space:
        yield space


@pytest.fixture
def made(space: Workspace) -> Segment:
    lines: list[Row] = [{"message": f"word{n} here", "host": f"host {n % 3}", "n": n} for n in range(500)]
    return make(space, 1, {"message": "é", "huge_" + "x" * 200: 1}, *lines)


def index_file(part: Segment) -> Path:
    return part.path.with_suffix(INDEX_SUFFIX)


def fingerprints_of(part: Segment) -> bytes:
    """What stands in a segment's index between its facts and its checksum."""
    data = index_file(part).read_bytes()
    return data[8 + int.from_bytes(data[4:8], "little") : -4]


def text_of(row: Row, name: str) -> str:
    """A running text with those characters as capitals of ASCII whose lower case is in it."""
    text: str = row.get(name, "")
    return text.replace("\u212a", "K").replace("\u0130", "I")


def again(space: Workspace, part: Segment) -> Segment:
    """The segment, opened as at a start."""
    with space.database.cursor() as connection:
        return segment.read(connection, part.path)


@settings(max_examples=40, deadline=None)
@given(st.lists(sent, min_size=1, max_size=6))
def test_every_word_and_value_of_every_record_is_known(lines: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder, workspace(Path(folder)) as space:
        part = make(space, 1, *lines)
        for known in (part, again(space, part)):
            for row in rows(space, [part]):
                text = f"{row.get('message', '')} {row.get('exception', '')}"
                lowered = text.replace("\u212a", "k").replace("\u0130", "i").lower()
                assert all(may_hold(known, Word(word)) for word in re.findall("[0-9a-z_]+", lowered))
                for name in ("message", "exception"):
                    for word in re.findall("[0-9A-Za-z_]+", text_of(row, name)):
                        spelling = Spelling.LOWER_CASE if word == word.lower() else Spelling.ANY
                        assert known.view.spelled(name, word.lower()) >= spelling
                for name in VALUE_FIELDS:
                    assert name not in row or may_hold(known, Value(name, row[name]))


def test_words_are_known_by_field_and_by_their_case(space: Workspace) -> None:
    lines: list[Row] = [{"message": "state Lost, then lost"}, {"message": "found", "exception": "Lost"}]
    for part in (make(space, 1, *lines), again(space, make(space, 5, *lines))):
        spelled = part.view.spelled
        assert spelled("message", "state") is Spelling.LOWER_CASE
        assert spelled("message", "lost") is Spelling.ANY
        assert spelled("exception", "lost") is Spelling.ANY
        assert spelled("exception", "found") is Spelling.ABSENT


def test_what_no_record_has_is_nearly_never_held(made: Segment) -> None:
    words = sum(may_hold(made, Word(f"absent{number}")) for number in range(2000))
    values = sum(may_hold(made, Value("user", f"{number}")) for number in range(2000))
    assert words <= 3
    assert values <= 3
    assert not may_hold(made, Value("user", "host 1"))


def test_a_field_whose_values_are_not_known_may_hold_any(made: Segment) -> None:
    assert may_hold(made, Value("n", "-1"))
    assert may_hold(made, Value("level", "ERROR"))
    assert may_hold(made, Value("host", "host\n1"))


def test_facts_are_those_of_the_segment(space: Workspace) -> None:
    part = make(
        space,
        7,
        {"timestamp": "2026-01-02T03:04:05.000000001Z", "b": 1},
        {"timestamp": "2026-01-01T00:00:00Z", "a b": 2, "k" * 129: 3},
    )
    facts = part.index.facts
    assert facts.rows == 2
    assert facts.first_ns == 1_767_225_600 * 10**9
    assert facts.last_ns == 1_767_323_045 * 10**9 + 1
    assert set(facts.columns) == {"b", "a b"}
    assert facts.has_rest
    assert facts.segment_bytes == part.path.stat().st_size
    assert (facts.segment_bytes, facts.segment_crc32) == index.checksum(part.path)
    assert part.size_bytes == part.path.stat().st_size + index_file(part).stat().st_size
    assert facts.text_bytes == 0
    other = make(space, 9, {"b": 1, "message": "é", "exception": "abc"}).index.facts
    assert not other.has_rest
    assert other.text_bytes == 5


def test_an_index_comes_back_from_its_file(made: Segment) -> None:
    data = index_file(made).read_bytes()
    for read in (index.read(index_file(made)), index.decode(data)):
        assert read.facts == made.index.facts
        assert index.choice(Word("word7"))(read)
        assert not index.choice(Word("word"))(read)
        read.close()


def test_much_text_is_known_to_the_last_word(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Row] = [{"message": f"m{n} é {'x' * n}", "exception": f"e{n}"} for n in range(1, 100)]
    whole = make(space, 5, *lines)
    data = fingerprints_of(whole)
    for text_bytes in (1, 60, 1000, whole.index.facts.text_bytes - 1):
        monkeypatch.setattr(index, "_PIECE_TEXT_BYTES", text_bytes)
        pieced = make(space, 5, *lines)
        assert pieced.index.facts.text_bytes == whole.index.facts.text_bytes
        assert fingerprints_of(pieced) == data
    assert all(may_hold(whole, Word(f"m{n}")) and may_hold(whole, Word(f"e{n}")) for n in range(1, 100))


def test_many_records_are_known_to_the_last_word(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Row] = [{"message": f"m{n}"} for n in range(1, 100)]
    data = fingerprints_of(make(space, 5, *lines))
    for piece_rows in (1, 7, 98, 99):
        monkeypatch.setattr(index, "_PIECE_ROWS", piece_rows)
        pieced = make(space, 5, *lines)
        assert fingerprints_of(pieced) == data
        assert all(may_hold(pieced, Word(f"m{n}")) for n in range(1, 100))


def test_a_segment_without_words_has_an_empty_filter(space: Workspace) -> None:
    part = make(space, 1, {"n": 1, "source": "x"})
    part = again(space, part)
    assert not may_hold(part, Word("n"))
    assert may_hold(part, Value("source", "http"))


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :]


@pytest.mark.parametrize("position", [0, 4, 7, 8, 20, 100, 400, -5, -4, -1])
def test_a_changed_bit_anywhere_is_seen(made: Segment, position: int) -> None:
    path = index_file(made)
    data = path.read_bytes()
    path.write_bytes(flipped(data, position % len(data)))
    with pytest.raises(IndexDamagedError, match=path.name):
        index.read(path)


@pytest.mark.parametrize("kept", [0, 1, 3, 4, 7, 8, 9, 100, -1])
def test_a_cut_off_index_is_seen(made: Segment, kept: int) -> None:
    path = index_file(made)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(IndexDamagedError):
        index.read(path)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut off", "changed", "garbage", "another's"])
def test_an_index_is_made_again_as_it_was(space: Workspace, made: Segment, damage: str) -> None:
    path = index_file(made)
    data = path.read_bytes()
    other = make(space, 1000, {"message": "other", "other": 1})
    match damage:
        case "missing":
            path.unlink()
        case "another's":
            shutil.copy(index_file(other), path)
        case _:
            path.write_bytes(
                {"empty": b"", "cut off": data[:-9], "changed": flipped(data, 300)}.get(damage, b"HIX2" * 99)
            )
    before = rows(space, [made])
    part = again(space, made)
    assert part.index.facts == made.index.facts
    assert path.read_bytes() == data
    assert rows(space, [part]) == before
    assert (part.first_ns, part.last_ns, part.rows) == (made.first_ns, made.last_ns, made.rows)


def test_an_index_that_can_not_be_kept_is_made_again_at_each_start(space: Workspace, made: Segment) -> None:
    path = index_file(made)
    path.unlink()
    # A folder in its place is what nothing can be renamed to.
    path.mkdir()
    (path / "inside").touch()
    part = again(space, made)
    assert part.index.facts == made.index.facts
    assert may_hold(part, Word("word7"))
