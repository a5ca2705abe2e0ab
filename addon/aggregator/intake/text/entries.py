"""Lines of text as protocols carry them, each with what is told of it, made lines of ours."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.intake import documents
from aggregator.record.fields import ALIASES
from aggregator.record.text.join import join
from aggregator.record.text.lines import as_text, firsts
from aggregator.record.text.merge import merge, with_hints
from aggregator.record.text.understand import understand


@dataclass(frozen=True, slots=True)
class Entries:
    """Lines of one origin, in the order in which it wrote them.

    Args:
        lines: the lines; newlines inside one stay in it.
        told: for each what its sender says of it, as members of a JSON object, such as `"service":"nginx"`,
            by the names of the record. It wins over what a line says itself.
        names: the names in `told`.
        hints: fields of the record that each line has if neither it nor `told` says anything of them, as
            members of a JSON object.
    """

    lines: Sequence[bytes]
    told: Sequence[bytes]
    names: Collection[str]
    hints: Mapping[str, bytes] = field(default_factory=dict)


def lines_of(origins: Iterable[Entries]) -> tuple[bytes, int]:
    """Make lines of entries; those of one traceback become one.

    Returns:
        JSON objects, each ended by a newline, and how many they are.
    """
    texts: list[bytes] = []
    told: list[bytes] = []
    names: set[str] = set()
    hints: dict[str, list[bytes]] = {}
    for entries in origins:
        text = join(as_text(entries.lines))
        texts.append(text)
        for name, hint in entries.hints.items():
            hinted = hints.setdefault(name, [])
            hinted += [b""] * (len(told) - len(hinted))
            hinted += [hint] * text.count(b"\n")
        told += firsts(text, entries.told)
        names.update(entries.names)
    if not told:
        return b"", 0
    understood = understand(b"".join(texts))
    rows = merge(flat(understood).split(b"\n")[:-1], told, names)
    for name, hinted in hints.items():
        unhinted = [b""] * (len(rows) - len(hinted))
        rows = with_hints(rows, (name, *ALIASES[name]), hinted + unhinted)
    return b"\n".join([*rows, b""]), len(rows)


def flat(rows: bytes) -> bytes:
    """Take the objects apart that JSON lines may describe a field of the record by."""
    flat = documents.lines_of(rows)
    return rows if flat is None else flat
