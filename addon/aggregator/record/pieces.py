"""Cuts very many lines into pieces that are worked on one after the other."""

from collections.abc import Iterator


def pieces_of(lines: bytes, piece_bytes: int) -> Iterator[bytes]:
    """Cut lines into pieces, each of whole lines.

    Args:
        lines: each ended by a newline.
        piece_bytes: bytes from which on a piece ends with its line.
    """
    start = 0
    while start < len(lines):
        end = lines.find(b"\n", start + piece_bytes) + 1 or len(lines)
        yield lines[start:end]
        start = end
