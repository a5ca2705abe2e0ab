"""The tables of names and levels."""

from itertools import pairwise

import pytest

from aggregator.record.fields import (
    ALIASES,
    CANONICAL_NAMES,
    LEVEL_BY_OTEL_NUMBER,
    LEVEL_BY_SYSLOG_SEVERITY,
    LEVEL_SPELLINGS,
    LEVELS,
    RECORD_FIELDS,
)


def test_every_name_belongs_to_one_field() -> None:
    names = [name for field, aliases in ALIASES.items() for name in (field, *aliases)]
    assert len(names) == len(set(names)) == len(CANONICAL_NAMES)
    assert tuple(ALIASES) == RECORD_FIELDS
    assert all(name in (field, *ALIASES[field]) for name, field in CANONICAL_NAMES.items())


@pytest.mark.parametrize(
    ("spellings", "level"),
    [
        ("trace verbose silly finest trace4 1", "TRACE"),
        ("debug dbg d fine 5 debug2", "DEBUG"),
        ("info information notice success http i 9 30", "INFO"),
        ("warn warning w 13 40", "WARNING"),
        ("error err e severe 17 50", "ERROR"),
        ("critical crit fatal emerg emergency alert panic dpanic f 21 60", "CRITICAL"),
    ],
)
def test_spellings_of_common_loggers(spellings: str, level: str) -> None:
    assert {LEVEL_SPELLINGS[spelling.upper()] for spelling in spellings.split()} == {level}


def test_spellings_are_in_upper_case_and_name_levels() -> None:
    assert all(spelling == spelling.upper() for spelling in LEVEL_SPELLINGS)
    assert set(LEVEL_SPELLINGS.values()) == set(LEVELS)
    assert all(LEVEL_SPELLINGS[level] == level for level in LEVELS)


def test_numbered_scales_keep_their_order() -> None:
    otel = [LEVELS.index(LEVEL_BY_OTEL_NUMBER[number]) for number in range(1, 25)]
    syslog = [LEVELS.index(level) for level in LEVEL_BY_SYSLOG_SEVERITY]
    assert all(lower <= higher for lower, higher in pairwise(otel))
    assert all(lower >= higher for lower, higher in pairwise(syslog))
    assert len(syslog) == 8
