"""Names of the store's files, and steps that leave the old or the new."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import StoreFailedError
from aggregator.store.files import FORMAT_VERSION, Layout, Span, write_atomically

seqs = st.integers(1, 10**20 - 1)
spans = st.builds(Span, seqs, seqs, st.integers(0, 9999))
near = st.builds(Span, st.integers(1, 4), st.integers(1, 4), st.integers(0, 2))


@given(spans)
def test_a_span_is_read_from_its_name(span: Span) -> None:
    assert Span.of(Path(f"/anywhere/{span.name}.parquet")) == span


@pytest.mark.parametrize(
    "name",
    ["1-2-3", "a", "", f"{1:020d}", f"{1:020d}-{2:020d}", Span(1, 2).name + "0", "x" + Span(1, 2).name],
)
def test_other_names_are_no_spans(name: str) -> None:
    assert Span.of(Path(f"{name}.parquet")) is None


@given(st.lists(spans))
def test_names_sort_as_spans_do(several: list[Span]) -> None:
    assert sorted(span.name for span in several) == [span.name for span in sorted(several)]


@given(near, near)
def test_only_a_later_generation_of_all_lines_replaces(span: Span, other: Span) -> None:
    lines = set(range(span.first_seq, span.last_seq + 1))
    others = set(range(other.first_seq, other.last_seq + 1))
    if lines and others:
        assert span.replaces(other) == (span.generation > other.generation and others <= lines)


def test_a_layout_lists_its_files_oldest_first(tmp_path: Path) -> None:
    layout = Layout.prepare(tmp_path / "store")
    spans = [Span(1, 9), Span(10, 99), Span(100, 100, 1)]
    for span in reversed(spans):
        layout.segment_file(span).touch()
        layout.log_file(span.first_seq).touch()
    (layout.segment_folder / f"{Span(1, 2).name}.index").touch()
    assert [Span.of(path) for path in layout.segment_files()] == spans
    assert [int(path.stem) for path in layout.log_files()] == [1, 10, 100]


def test_a_new_layout_removes_half_written_files_of_segments(tmp_path: Path) -> None:
    layout = Layout.prepare(tmp_path)
    for name in ("a.parquet.tmp", "a.index.tmp"):
        (layout.segment_folder / name).touch()
    Layout.prepare(tmp_path)
    assert not list(layout.segment_folder.iterdir())


def test_only_the_own_user_looks_into_the_folder(tmp_path: Path) -> None:
    Layout.prepare(tmp_path / "store")
    assert (tmp_path / "store").stat().st_mode & 0o777 == 0o700


def test_another_version_is_refused(tmp_path: Path) -> None:
    Layout.prepare(tmp_path)
    (tmp_path / "format.json").write_text(f'{{"version": {FORMAT_VERSION + 1}}}')
    with pytest.raises(StoreFailedError, match="Nothing was changed"):
        Layout.prepare(tmp_path)


def test_a_small_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old contents")
    with path.open("rb") as before:
        write_atomically(path, b"new", 0o600)
        assert before.read() == b"old contents"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
