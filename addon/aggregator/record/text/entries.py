"""Lines of text as protocols carry them, each with what is told of it, as records to store."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from aggregator.record.text.exceptions import INNER
from aggregator.record.text.join import JOINED, join
from aggregator.record.text.merge import merge
from aggregator.record.text.understand import understand
from aggregator.record.utf8 import is_utf8


@dataclass(frozen=True, slots=True)
class Entries:
    """Lines of one origin, in the order in which it wrote them.

    Args:
        lines: the lines; newlines inside one stay in it.
        told: for each what its sender says of it, as members of a JSON object, such as `"service":"nginx"`,
            by the names of the record. It wins over what a line says itself.
        names: the names in `told`.
    """

    lines: Sequence[bytes]
    told: Sequence[bytes]
    names: Collection[str]


def records(origins: Iterable[Entries]) -> tuple[bytes, int]:
    """Make records of whole batches, each traceback of an origin one record.

    Returns:
        JSON objects, each ended by a newline, and how many they are.
    """
    texts: list[bytes] = []
    told: list[bytes] = []
    names: set[str] = set()
    for entries in origins:
        if entries.lines:
            text = join(as_text(entries.lines))
            texts.append(text)
            told += firsts(text, entries.told)
            names.update(entries.names)
    if not told:
        return b"", 0
    rows = merge(understand(b"".join(texts)).split(b"\n")[:-1], told, names)
    return b"\n".join([*rows, b""]), len(rows)


def as_text(lines: Sequence[bytes]) -> bytes:
    """Put lines together, each ended by a newline; in their midst another byte stands for it."""
    text = b"\n".join([*lines, b""])
    if not is_utf8(text):
        lines = [line.decode("utf-8", "replace").encode() for line in lines]
        text = b"\n".join([*lines, b""])
    if b"\r" in text:
        lines = [line.removesuffix(b"\r") for line in lines]
        text = b"\n".join([*lines, b""])
    if text.count(b"\n") != len(lines):
        text = b"\n".join([*(line.replace(b"\n", INNER) for line in lines), b""])
    return text


def firsts[Item](text: bytes, items: Sequence[Item]) -> Sequence[Item]:
    """Of items that belong to lines, those of the first line of each record."""
    if JOINED not in text:
        return items
    chosen = []
    at = 0
    for record in text.split(b"\n")[:-1]:
        chosen.append(items[at])
        at += 1 + record.count(JOINED)
    return chosen
