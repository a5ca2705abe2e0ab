import json
import logging
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.entry import Emitter, Entry, EntryQueue
from ha_ingestor_logging.level_rules import LevelRules
from ha_ingestor_logging.standard_library import StandardLibraryBridge, StandardLibraryHandler
from tests.library.conftest import RunScript


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


def test_the_stack_is_taken_along(foreign: Foreign) -> None:
    foreign.logger.error("failed", stack_info=True)
    stack = foreign.entry[7]["stack"]
    assert stack.startswith("Stack (most recent call last):\n")
    assert stack.endswith('foreign.logger.error("failed", stack_info=True)')


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
    assert logging.getLogRecordFactory() != logging.LogRecord
    bridge.remove()
    bridge.remove()
    assert logging.getLogRecordFactory() == logging.LogRecord
    assert (list(root.handlers), root.level) == before


def run_program(run_script: RunScript, source: str) -> list[dict[str, Any]]:
    prelude = "import logging, logging.config\nfrom ha_ingestor_logging import configure, get_logger\n"
    done = run_script(prelude + "configure(service='demo')\n" + textwrap.dedent(source))
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    "reset",
    [
        "logging.basicConfig(force=True, handlers=[logging.NullHandler()])",
        "logging.config.dictConfig(dict(version=1, disable_existing_loggers=False, root=dict(level='INFO')))",
        "logging.root.handlers.clear()",
    ],
    ids=["basicConfig", "dictConfig", "clear"],
)
def test_another_packages_configuration_does_not_end_the_stream(run_script: RunScript, reset: str) -> None:
    source = f"""
        logging.getLogger("a").info("before")
        {reset}
        logging.getLogger("a").error("after")
        logging.getLogger("a").info("then")
    """
    assert [record["message"] for record in run_program(run_script, source)] == ["before", "after", "then"]


def test_a_basic_config_without_force_adds_no_second_output(run_script: RunScript) -> None:
    source = """
        logging.basicConfig(level="INFO")
        logging.info("line")
    """
    assert [record["message"] for record in run_program(run_script, source)] == ["line"]


def test_wrong_placeholders_neither_raise_nor_print(run_script: RunScript) -> None:
    source = """
        logging.error("%d points", "many")
        logging.error("one %s", 1, 2)
        logging.error("100 %", 5)
        get_logger().error("%d points", "many")
        get_logger().error("%(name)s", {"other": 1})
    """
    messages = [record["message"] for record in run_program(run_script, source)]
    assert messages[:4] == ["%d points ('many',)", "one %s (1, 2)", "100 % (5,)", "%d points ('many',)"]
    assert messages[4].startswith("%(name)s")


def test_foreign_level_names_do_not_change_ours(run_script: RunScript) -> None:
    source = """
        logging.addLevelName(25, "NOTICE")
        logging.addLevelName(logging.WARNING, "\\033[33mWARN\\033[0m")
        logging.log(25, "notice")
        logging.warning("warning")
        logging.log(1000, "above all")
    """
    assert [record["level"] for record in run_program(run_script, source)] == ["INFO", "WARNING", "CRITICAL"]


def test_a_traceback_stays_data_also_after_another_handler_has_seen_it(run_script: RunScript) -> None:
    source = """
        import queue
        from logging.handlers import QueueHandler
        logging.root.handlers.insert(0, QueueHandler(queue.Queue()))
        try:
            int("x")
        except ValueError:
            logging.exception("failed")
    """
    (record,) = run_program(run_script, source)
    assert (record["message"], record["exception_type"]) == ("failed", "ValueError")
    assert record["exception"].count("Traceback") == 1


def test_extra_fields_may_have_any_name_that_logging_allows(run_script: RunScript) -> None:
    source = """
        logging.info("line", extra={"level": 1, "event": 3, "self": 4, "timestamp": 5, "fields": 6})
    """
    (record,) = run_program(run_script, source)
    assert (record["level_"], record["event"], record["self"], record["timestamp_"]) == (1, 3, 4, 5)


def test_an_argument_whose_text_logs_does_not_recurse_without_end(run_script: RunScript) -> None:
    source = """
        class Chatty:
            def __str__(self):
                logging.getLogger("chatty").info("in str")
                return "text"
        logging.info("value %s", Chatty())
        get_logger().info("value %s", Chatty())
    """
    messages = [record["message"] for record in run_program(run_script, source)]
    assert messages == ["in str", "value text", "value text"]
