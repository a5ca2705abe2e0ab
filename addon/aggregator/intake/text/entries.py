"""Lines of text as protocols carry them, each with what is told of it, made lines of ours."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.intake import documents
from aggregator.record.fields import ALIASES
from aggregator.record.text.join import join, may_join
from aggregator.record.text.lines import as_text, firsts
from aggregator.record.text.merge import merge, with_hints
from aggregator.record.text.understand import understand

_NESTED = (b'":{', b'": {', b'"uid"')
"""What is in each line that has objects in it, or a name that means something else here."""


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
    origins = [entries for entries in origins if entries.lines]
    if not origins:
        return b"", 0
    text = as_text([line for entries in origins for line in entries.lines])
    told: list[bytes] = [members for entries in origins for members in entries.told]
    counts = [len(entries.lines) for entries in origins]
    if may_join(text):
        texts = [join(as_text(entries.lines)) for entries in origins]
        text = b"".join(texts)
        told = firsts(text, told)
        counts = [joined.count(b"\n") for joined in texts]
    names = frozenset[str]().union(*(entries.names for entries in origins))
    rows = merge(flat(understand(text)).split(b"\n")[:-1], told, names)
    for name in frozenset[str]().union(*(entries.hints for entries in origins)):
        hints = [
            hint
            for entries, count in zip(origins, counts, strict=True)
            for hint in [entries.hints.get(name, b"")] * count
        ]
        rows = with_hints(rows, (name, *ALIASES[name]), hints)
    return b"\n".join([*rows, b""]), len(rows)


def flat(rows: bytes) -> bytes:
    """Take the objects apart that JSON lines may describe a field of the record by."""
    if not any(sign in rows for sign in _NESTED):
        return rows
    taken_apart = documents.lines_of(rows)
    return rows if taken_apart is None else taken_apart
