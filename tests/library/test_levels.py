import pytest

from ha_ingestor_logging.errors import ConfigurationError
from ha_ingestor_logging.levels import canonical_level, parse_level


@pytest.mark.parametrize(
    ("number", "level"),
    [(0, 5), (5, 5), (9, 5), (10, 10), (15, 10), (20, 20), (25, 20), (30, 30), (40, 40), (50, 50), (999, 50)],
)
def test_a_number_belongs_to_the_highest_level_below_it(number: int, level: int) -> None:
    assert canonical_level(number) == level


@pytest.mark.parametrize(
    ("setting", "level"), [("info", 20), (" WARN ", 30), ("Fatal", 50), ("trace", 5), ("30", 30), (40, 40)]
)
def test_levels_are_read_in_their_usual_spellings(setting: str | int, level: int) -> None:
    assert parse_level(setting) == level


def test_an_unknown_level_is_refused_with_the_choices() -> None:
    with pytest.raises(ConfigurationError, match=r"'loud' is not one of TRACE, DEBUG, INFO"):
        parse_level("loud")
