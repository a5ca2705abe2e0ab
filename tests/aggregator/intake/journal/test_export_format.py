"""The Journal Export Format, in pieces of any size."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.journal.export_format import ExportDecoder
from tests.aggregator.intake.journal.entries import exported

NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=30)
VALUES = st.one_of(TEXTS, st.binary(max_size=60), st.sampled_from([b"\n\n", b"\nMESSAGE\n", b"A=b\n\nC=d"]))
ENTRIES = st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=6), max_size=6)


def content(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


@given(ENTRIES, st.data())
def test_entries_come_back_however_they_are_cut(
    entries: list[dict[str, str | bytes]], data: st.DataObject
) -> None:
    stream = b"".join(exported(entry.items()) for entry in entries)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder = ExportDecoder()
    decoded = [
        entry for start, end in pairwise([0, *cuts, len(stream)]) for entry in decoder.feed(stream[start:end])
    ]
    assert decoded == [{name.encode(): content(value) for name, value in entry.items()} for entry in entries]
    assert (decoder.invalid, decoder.too_long) == (0, 0)


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_anything_else_raises_nothing(pieces: list[bytes]) -> None:
    decoder = ExportDecoder()
    for piece in pieces:
        decoder.feed(piece)


def test_the_last_entry_is_there_when_its_empty_line_is() -> None:
    decoder = ExportDecoder()
    assert decoder.feed(b"A=1\n") == []
    assert decoder.feed(b"\n") == [{b"A": b"1"}]


def test_values_of_a_field_that_occurs_again_are_all_kept() -> None:
    decoder = ExportDecoder()
    assert decoder.feed(exported([("A", "1"), ("B", "2"), ("A", b"\x1b[0m")])) == [
        {b"A": b"1\n\x1b[0m", b"B": b"2"}
    ]


def test_an_entry_that_is_not_in_the_format_costs_no_other() -> None:
    decoder = ExportDecoder()
    assert decoder.feed(b"A=1\n\nno field\n\nA=2\n\n") == [{b"A": b"1"}, {b"A": b"2"}]
    assert decoder.invalid == 1


def test_of_a_value_that_is_too_long_its_size_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JOURNAL_ENTRY_BYTES", 100)
    stream = exported([("COREDUMP", b"\0" * 1000), ("A", "1")]) + exported([("A", "2")])
    decoder = ExportDecoder()
    decoded = [entry for at in range(0, len(stream), 7) for entry in decoder.feed(stream[at : at + 7])]

    assert decoded == [{b"COREDUMP": b"(1000 bytes left out)", b"A": b"1"}, {b"A": b"2"}]
    assert decoder.too_long == 1


def test_an_entry_that_is_too_long_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "JOURNAL_ENTRY_BYTES", 100)
    stream = exported([("A", "0")]) + exported([("A", "x" * 1000), ("B", "1")]) + exported([("A", "2")])
    decoder = ExportDecoder()
    decoded = [entry for at in range(0, len(stream), 7) for entry in decoder.feed(stream[at : at + 7])]

    assert decoded == [{b"A": b"0"}, {b"A": b"2"}]
    assert decoder.too_long == 1
