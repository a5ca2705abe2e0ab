"""What the store keeps: how long records of which level and service, and how much of all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aggregator.query.fragment import TRUE, SqlFilter, all_of
from aggregator.store.segments.counts import NS_PER_MINUTE, Pair

_DAY_NS: Final = 24 * 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Rule:
    """How long records of a level, a service or both are kept.

    Args:
        days: how long.
        level: one of the six levels; None for any.
        service: name of the service; None for any.
    """

    days: int
    level: str | None = None
    service: str | None = None

    def matches(self, pair: Pair) -> bool:
        """Tell whether the rule is about records of a service and level."""
        service, level = pair
        return self.service in {None, service} and self.level in {None, level}

    @property
    def condition(self) -> SqlFilter:
        """The condition of the records that the rule is about."""
        asked = [("service", self.service), ("level", self.level)]
        return all_of(
            SqlFilter(f"{column} = ?", (value,)) if value is not None else TRUE for column, value in asked
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """What the store keeps.

    Args:
        days: how long records are kept that no rule is about.
        size_bytes: how large segments and log may be together; None sets no limit.
        rules: exceptions; the first one that matches a record decides.
        archive_folder: where the archive is, if there is one.
        archives: whether what goes is moved to the archive.
        searches_archive: whether searches look through the archive too.
    """

    days: int = 30
    size_bytes: int | None = None
    rules: tuple[Rule, ...] = ()
    archive_folder: Path | None = None
    archives: bool = False
    searches_archive: bool = False

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The rules, and behind them the one of all other records."""
        return (*self.rules, Rule(self.days))

    def rule_of(self, pair: Pair) -> int:
        """Which of all rules decides on records of a service and level, from 0."""
        return next(number for number, rule in enumerate(self.all_rules) if rule.matches(pair))

    def horizons(self, now_ns: int) -> list[int]:
        """Of each of all rules, the minute since the epoch before which records are past."""
        return [(now_ns - rule.days * _DAY_NS) // NS_PER_MINUTE for rule in self.all_rules]

    def past(self, horizons: Sequence[int]) -> SqlFilter:
        """The condition of records that are past.

        Args:
            horizons: of each of all rules, as `horizons` gives them.
        """
        cases = [rule.condition for rule in self.rules]
        whens = "".join(f" WHEN {condition.sql} THEN ?" for condition in cases)
        bound = [
            value
            for condition, minute in zip(cases, horizons, strict=False)
            for value in (*condition.parameters, minute * NS_PER_MINUTE)
        ]
        limit = f"CASE{whens} ELSE ? END" if cases else "?"
        return SqlFilter(f"timestamp < {limit}", (*bound, horizons[-1] * NS_PER_MINUTE))
