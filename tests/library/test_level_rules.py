from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.levels import DEBUG, ERROR, INFO, TRACE, WARNING


def test_a_rule_holds_for_a_logger_and_those_below_it() -> None:
    rules = LevelRules(INFO, {"aiohttp": WARNING, "aiohttp.access": ERROR})
    assert rules.threshold("aiohttp") == WARNING
    assert rules.threshold("aiohttp.server.x") == WARNING
    assert rules.threshold("aiohttp.access.x") == ERROR
    assert rules.threshold("aiohttpd") == INFO
    assert rules.threshold("") == INFO


def test_a_rule_can_be_changed_and_taken_away() -> None:
    rules = LevelRules(INFO).changed(DEBUG, "a").changed(ERROR, None)
    assert (rules.threshold("a.b"), rules.threshold("b")) == (DEBUG, ERROR)
    assert rules.changed(None, "a").threshold("a") == ERROR
    assert rules.changed(None, None) == rules
    assert rules.changed(None, "unknown") == rules


def test_a_rule_of_its_own_is_told_from_that_of_those_above() -> None:
    rules = LevelRules(INFO, {"a": DEBUG})
    assert [rules.own_level(name) for name in ("a", "a.b", None)] == [DEBUG, None, INFO]


def test_lowering_never_raises_a_level() -> None:
    rules = LevelRules(WARNING, {"a": ERROR, "b": TRACE}).lowered(DEBUG)
    assert (rules.default, rules.by_logger) == (DEBUG, {"a": DEBUG, "b": TRACE})


@given(st.text())
def test_any_name_has_a_level(name: str) -> None:
    assert LevelRules(INFO, {"a": DEBUG}).threshold(name) in {INFO, DEBUG}


def test_what_wins_for_a_logger_wins_for_those_below_it() -> None:
    rules = LevelRules(INFO, {"a": WARNING, "a.b": ERROR, "ab": ERROR, "c": TRACE})
    won = rules.overridden({"a": DEBUG})
    assert [won.threshold(name) for name in ("a", "a.b.c", "ab", "c", "d")] == [
        DEBUG,
        DEBUG,
        ERROR,
        TRACE,
        INFO,
    ]
    assert rules.overridden({}) == rules


def test_what_wins_for_all_wins_over_every_rule_but_its_own() -> None:
    won = LevelRules(INFO, {"a": WARNING, "b": TRACE}).overridden({"*": DEBUG, "b.c": ERROR})
    assert [won.threshold(name) for name in ("a", "b", "b.c.d", "")] == [DEBUG, DEBUG, ERROR, DEBUG]
