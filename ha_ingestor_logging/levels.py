"""Severity levels: their numbers, their names and the spellings that are understood."""

from typing import Final

from ha_ingestor_logging.errors import ConfigurationError

# Of lines that are only counted, where nobody says which they were.
UNKNOWN: Final = 0
TRACE: Final = 5
DEBUG: Final = 10
INFO: Final = 20
WARNING: Final = 30
ERROR: Final = 40
CRITICAL: Final = 50

LEVEL_NAMES: Final[dict[int, str]] = {
    TRACE: "TRACE",
    DEBUG: "DEBUG",
    INFO: "INFO",
    WARNING: "WARNING",
    ERROR: "ERROR",
    CRITICAL: "CRITICAL",
}

_SPELLINGS: Final[dict[str, int]] = {
    **{name: number for number, name in LEVEL_NAMES.items()},
    "WARN": WARNING,
    "EXCEPTION": ERROR,
    "FATAL": CRITICAL,
}


def level_name(level: int) -> str:
    """The name by which a level is counted."""
    return LEVEL_NAMES.get(level, "UNKNOWN")


def canonical_level(number: int) -> int:
    """The highest of the six levels that is not above a number on Python's scale."""
    if number < DEBUG:
        return TRACE
    return min(number // 10 * 10, CRITICAL)


def parse_level(level: str | int) -> int:
    """The level that a setting names.

    Args:
        level: a name in any case (``warning``, ``WARN``), or a number on Python's scale.

    Raises:
        ConfigurationError: no level has this name.
    """
    if isinstance(level, int):
        return canonical_level(level)
    text = level.strip().upper()
    if text.isdecimal():
        return canonical_level(int(text))
    try:
        return _SPELLINGS[text]
    except KeyError:
        choices = ", ".join(LEVEL_NAMES.values())
        raise ConfigurationError(f"level {level!r} is not one of {choices}") from None
