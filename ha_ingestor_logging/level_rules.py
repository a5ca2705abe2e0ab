"""Which level a logger takes, by its name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ha_ingestor_logging.errors import ConfigurationError
from ha_ingestor_logging.levels import INFO, parse_level


@dataclass(frozen=True, slots=True)
class LevelRules:
    """The lowest level that is logged.

    Args:
        default: that of loggers without a rule of their own.
        by_logger: that of a logger and of those below it: ``aiohttp`` holds for ``aiohttp.access``, too.
    """

    default: int = INFO
    by_logger: Mapping[str, int] = field(default_factory=dict)

    def threshold(self, logger: str) -> int:
        """The lowest level that a logger takes."""
        name = logger
        while name:
            if name in self.by_logger:
                return self.by_logger[name]
            name = name.rpartition(".")[0]
        return self.default

    def own_level(self, logger: str | None) -> int | None:
        """The level of a logger's own rule, if it has one.

        Args:
            logger: its name; ``None`` for those without a rule.
        """
        return self.default if logger is None else self.by_logger.get(logger)

    def changed(self, level: int | None, logger: str | None) -> "LevelRules":
        """Rules with another level for a logger, or for those without a rule.

        Args:
            level: the lowest level; ``None`` takes a logger's rule away.
            logger: its name; ``None`` for those without a rule.
        """
        if logger is None:
            return self if level is None else replace(self, default=level)
        others = {name: known for name, known in self.by_logger.items() if name != logger}
        return replace(self, by_logger=others if level is None else {**others, logger: level})

    def lowered(self, level: int) -> "LevelRules":
        """Rules by which every logger takes at least what has this level."""
        lowered = {name: min(known, level) for name, known in self.by_logger.items()}
        return LevelRules(min(self.default, level), lowered)

    def overridden(self, levels: Mapping[str, int]) -> "LevelRules":
        """Rules in which some levels win.

        Args:
            levels: by logger, each of which wins for those below it too; ``*`` for all others.
        """
        winning = {name: level for name, level in levels.items() if name != "*"}
        if "*" in levels:
            return LevelRules(levels["*"], winning)
        below = tuple(f"{name}." for name in winning)
        others = {name: level for name, level in self.by_logger.items() if not name.startswith(below)}
        return replace(self, by_logger={**others, **winning})


def parse_levels(value: str | Mapping[str, str | int]) -> dict[str, int]:
    """The setting ``levels``.

    Args:
        value: levels by logger, or ``aiohttp=WARNING,my.module=DEBUG``.

    Raises:
        ConfigurationError: an item is not of this form, or a level has no such name.
    """
    if not isinstance(value, str):
        return {str(name): parse_level(level) for name, level in value.items()}
    levels: dict[str, int] = {}
    for item in value.split(","):
        name, separator, level = (part.strip() for part in item.partition("="))
        if not separator or not name:
            raise ConfigurationError(f"levels: {item.strip()!r} is not of the form LOGGER=LEVEL")
        levels[name] = parse_level(level)
    return levels
