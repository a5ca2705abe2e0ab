"""Sorts lines of many origins, as one body brings them, by where each comes from."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field

from aggregator.intake.text.entries import Entries


@dataclass(frozen=True, slots=True)
class _Origin:
    hints: Mapping[str, bytes]
    lines: list[bytes] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


class Origins:
    """Lines by their origin."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[Hashable, ...], _Origin] = {}

    def add(
        self,
        origin: Hashable,
        line: bytes,
        told: tuple[bytes, Collection[str]],
        hints: Mapping[str, bytes] | None = None,
    ) -> None:
        """Add a line behind those of the same origin.

        Args:
            origin: what wrote it.
            line: the line.
            told: what is told of it, as members of a JSON object, and their names.
            hints: as `Entries` has them.
        """
        hints = hints or {}
        name = (origin, *hints.items())
        found = self._by_name.get(name)
        if found is None:
            found = self._by_name[name] = _Origin(hints)
        members, names = told
        found.lines.append(line)
        found.told.append(members)
        found.names.update(names)

    def entries(self) -> list[Entries]:
        """Return the lines of each origin, in the order in which they were added."""
        return [
            Entries(origin.lines, origin.told, origin.names, origin.hints)
            for origin in self._by_name.values()
        ]
