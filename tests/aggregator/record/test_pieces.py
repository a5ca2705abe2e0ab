"""Lines cut into pieces."""

from hypothesis import given
from hypothesis import strategies as st

from aggregator.record.pieces import pieces_of

_LINES = st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b" ")), max_size=20)


@given(_LINES, st.integers(0, 50))
def test_pieces_are_whole_lines_and_all_of_them(lines: list[bytes], piece_bytes: int) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    pieces = list(pieces_of(whole, piece_bytes))
    assert b"".join(pieces) == whole
    assert all(piece.endswith(b"\n") for piece in pieces)
    assert all(len(piece) > piece_bytes for piece in pieces[:-1])
