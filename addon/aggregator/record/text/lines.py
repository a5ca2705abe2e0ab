"""Lines put together to text that is understood at once."""

from collections.abc import Sequence

from aggregator.record.text.exceptions import INNER
from aggregator.record.text.join import JOINED
from aggregator.record.utf8 import is_utf8


def as_text(lines: Sequence[bytes]) -> bytes:
    """Put lines together, each ended by a newline; in their midst another byte stands for it.

    What is not UTF-8 is replaced.
    """
    text = b"\n".join([*lines, b""])
    if not is_utf8(text):
        lines = [line.decode("utf-8", "replace").encode() for line in lines]
        text = b"\n".join([*lines, b""])
    if text.count(b"\n") != len(lines):
        text = b"\n".join([*(line.replace(b"\n", INNER) for line in lines), b""])
    return text


def firsts[Item](text: bytes, items: Sequence[Item]) -> list[Item]:
    """Of items that belong to lines, those of the first line of each record.

    Args:
        text: the lines, joined where they are one record.
        items: one for each line.
    """
    if JOINED not in text:
        return list(items)
    chosen = []
    at = 0
    for record in text.split(b"\n")[:-1]:
        chosen.append(items[at])
        at += 1 + record.count(JOINED)
    return chosen


def lasts[Item](text: bytes, items: Sequence[Item]) -> Sequence[Item]:
    """Of items that belong to lines, those of the last line of each record, as `firsts`."""
    if JOINED not in text:
        return items
    chosen = []
    at = -1
    for record in text.split(b"\n")[:-1]:
        at += 1 + record.count(JOINED)
        chosen.append(items[at])
    return chosen
