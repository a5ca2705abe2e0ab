import logging
from collections.abc import Iterator

import pytest

from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.entry import Emitter, Entry, EntryQueue
from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.standard_library import StandardLibraryBridge, StandardLibraryHandler


class Foreign:
    """A logger with the handler, apart from the root logger."""

    def __init__(self) -> None:
        self.queue: EntryQueue = BoundedQueue(100, 10**6)
        self.threshold = 10
        self.handler = StandardLibraryHandler(lambda name: Emitter(name, self.queue, self.threshold))
        self.logger = logging.Logger("foreign.package", level=1)  # noqa: LOG001 - must not inherit pytest's handlers
        self.logger.addHandler(self.handler)

    @property
    def entry(self) -> Entry:
        ((_, entry),) = self.queue.take()
        assert isinstance(entry, tuple)
        return entry


@pytest.fixture
def foreign() -> Foreign:
    return Foreign()


def test_a_record_keeps_its_logger_level_message_and_extra_fields(foreign: Foreign) -> None:
    foreign.logger.warning("%s is %d", "x", 5, extra={"entity_id": "sensor.x"})
    _, level, name, _, bound, event, args, fields = foreign.entry
    assert (level, name, event, args) == (30, "foreign.package", "%s is %d", ("x", 5))
    assert {**bound, **fields} == {"entity_id": "sensor.x"}


def test_arguments_that_may_change_are_formatted_at_once(foreign: Foreign) -> None:
    values = [1]
    foreign.logger.info("values %s", values)
    values.append(2)
    entry = foreign.entry
    assert (entry[5], entry[6]) == ("values [1]", ())


def test_a_mapping_fills_named_placeholders(foreign: Foreign) -> None:
    foreign.logger.info("%(a)s", {"a": 1})
    entry = foreign.entry
    assert (entry[5], entry[6]) == ("1", ())


def test_an_exception_is_taken_along(foreign: Foreign) -> None:
    error = ValueError("bad")
    try:
        raise error
    except ValueError:
        foreign.logger.exception("failed")
    assert foreign.entry[7]["exc_info"][1] is error


def test_levels_between_the_six_and_below_the_threshold(foreign: Foreign) -> None:
    foreign.logger.log(35, "between")
    foreign.logger.log(5, "below")
    assert foreign.entry[1] == 30


def test_filters_hold(foreign: Foreign) -> None:
    foreign.handler.addFilter(lambda record: "secret" not in record.getMessage())
    foreign.logger.info("secret")
    foreign.logger.info("public")
    assert foreign.entry[5] == "public"


def test_a_message_need_not_be_text(foreign: Foreign) -> None:
    error = ValueError("bad")
    foreign.logger.error(error)
    assert foreign.entry[5] is error


@pytest.fixture
def bridge() -> Iterator[StandardLibraryBridge]:
    queue: EntryQueue = BoundedQueue(10, 1000)
    bridge = StandardLibraryBridge(lambda name: Emitter(name, queue, 10))
    yield bridge
    bridge.remove()


def test_the_bridge_leaves_the_root_logger_as_it_was(bridge: StandardLibraryBridge) -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    chatty = logging.getLogger("chatty.package")
    bridge.install(LevelRules(10, {"chatty.package": 40}))
    assert chatty.level == 40
    bridge.install(LevelRules(30))
    assert len(root.handlers) == len(before[0]) + 1
    assert (root.level, chatty.level) == (30, 0)
    bridge.remove()
    bridge.remove()
    assert (list(root.handlers), root.level) == before
