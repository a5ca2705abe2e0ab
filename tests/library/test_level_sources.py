import threading

from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.level_sources import LevelSources
from ha_ingestor_logging.levels import DEBUG, ERROR, INFO, WARNING


def test_the_aggregator_wins_until_it_says_nothing_any_more() -> None:
    applied: list[LevelRules] = []
    sources = LevelSources(applied.append)
    sources.begin(LevelRules(INFO, {"a": WARNING}))
    sources.set_remote({"*": DEBUG})
    assert applied[-1] == LevelRules(DEBUG)
    sources.set_own(sources.own.changed(ERROR, "b"))
    assert applied[-1] == LevelRules(DEBUG)
    sources.set_remote({})
    assert applied[-1] == LevelRules(INFO, {"a": WARNING, "b": ERROR})


def test_a_new_beginning_forgets_the_aggregator() -> None:
    applied: list[LevelRules] = []
    sources = LevelSources(applied.append)
    sources.set_remote({"*": DEBUG})
    sources.begin(LevelRules(ERROR))
    assert applied[-1] == LevelRules(ERROR)


def test_what_comes_while_rules_are_applied_is_not_lost() -> None:
    applied: list[LevelRules] = []

    def apply(rules: LevelRules) -> None:
        if not applied:
            # As a signal would, or another thread.
            applied.append(rules)
            sources.set_own(LevelRules(ERROR))
        applied.append(rules)

    sources = LevelSources(apply)
    sources.set_own(LevelRules(INFO))
    assert applied[-1] == LevelRules(ERROR)


def test_the_last_word_of_two_threads_holds() -> None:
    applied: list[LevelRules] = []
    sources = LevelSources(applied.append)
    levels = (DEBUG, INFO, WARNING, ERROR)

    def program() -> None:
        for number in range(2000):
            sources.set_own(LevelRules(levels[number % 4]))

    def aggregator() -> None:
        for number in range(2000):
            sources.set_remote({"a": levels[number % 4]})

    threads = [threading.Thread(target=work) for work in (program, aggregator)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert applied[-1] == LevelRules(ERROR, {"a": ERROR})
