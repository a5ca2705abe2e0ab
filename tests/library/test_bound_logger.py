import contextvars
import threading
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from ha_ingestor_logging.bound_logger import BoundLogger
from ha_ingestor_logging.bounded_queue import BoundedQueue
from ha_ingestor_logging.entry import Emitter, EntryQueue
from ha_ingestor_logging.levels import CRITICAL, DEBUG, ERROR, INFO, TRACE, WARNING

if TYPE_CHECKING:
    from collections.abc import Callable

Logged = tuple[int, object, dict[str, Any]]


class Log:
    """A logger and what it put into its queue."""

    def __init__(self) -> None:
        self.queue: EntryQueue = BoundedQueue(100, 10**6)
        self.emitter = Emitter("name", self.queue, TRACE)
        self.processors: list[structlog.typing.Processor] = []
        self.logger = BoundLogger(self.emitter, self.processors, {})

    @property
    def logged(self) -> list[Logged]:
        entries = [item for _, item in self.queue.take() if isinstance(item, tuple)]
        return [(entry[1], entry[5], {**entry[4], **entry[7]}) for entry in entries]


@pytest.fixture
def log() -> Log:
    return Log()


METHODS: dict[str, int] = {
    "trace": TRACE,
    "debug": DEBUG,
    "info": INFO,
    "msg": INFO,
    "warning": WARNING,
    "warn": WARNING,
    "error": ERROR,
    "critical": CRITICAL,
    "fatal": CRITICAL,
}


@pytest.mark.parametrize(("method", "level"), METHODS.items())
def test_each_method_logs_at_its_level_and_not_below_the_threshold(log: Log, method: str, level: int) -> None:
    call: Callable[..., None] = getattr(log.logger, method)
    call("event", field=1)
    assert log.logged == [(level, "event", {"field": 1})]
    log.emitter.threshold = level + 1
    call("event")
    assert log.logged == []


@pytest.mark.parametrize("method", ["debug", "info", "warning", "error", "critical"])
async def test_asynchronous_methods_log_the_callers_context(log: Log, method: str) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("seen")
    await getattr(log.logger, f"a{method}")("event", field=1)
    ((_, entry),) = log.queue.take()
    assert isinstance(entry, tuple)
    assert entry[1] == METHODS[method]
    assert entry[3][variable] == "seen"


async def test_processors_of_asynchronous_calls_run_in_the_callers_thread(log: Log) -> None:
    threads: list[threading.Thread] = []

    def note(_logger: Any, _method: str, event: Any) -> Any:
        threads.append(threading.current_thread())
        return event

    log.processors.append(note)
    await log.logger.ainfo("event")
    assert threads == [threading.current_thread()]


def test_any_name_may_be_a_field(log: Log) -> None:
    log.logger.info("event", self=1, event=2, level=3, args=4, fields=5)
    assert log.logged == [(INFO, "event", {"self": 1, "event": 2, "level": 3, "args": 4, "fields": 5})]


def test_a_level_can_be_given_as_a_number(log: Log) -> None:
    log.logger.log(35, "event")
    log.emitter.threshold = ERROR
    log.logger.log(35, "event")
    assert log.logged == [(WARNING, "event", {})]
    assert not log.logger.is_enabled_for(WARNING)
    assert log.logger.is_enabled_for(ERROR)
    assert log.logger.get_effective_level() == ERROR


def test_bound_fields_are_in_every_line(log: Log) -> None:
    bound = log.logger.bind(a=1, b=2)
    bound.unbind("a").info("event", c=3)
    bound.try_unbind("missing").info("event")
    assert [fields for _, _, fields in log.logged] == [{"b": 2, "c": 3}, {"a": 1, "b": 2}]


def test_a_new_logger_leaves_queued_lines_alone(log: Log) -> None:
    bound = log.logger.bind(a=1)
    bound.info("before")
    bound.new(b=2).info("after")
    assert [fields for _, _, fields in log.logged] == [{"a": 1}, {"b": 2}]


def test_an_exception_is_taken_along(log: Log) -> None:
    try:
        int("bad")
    except ValueError as caught:
        error = caught
        log.logger.exception("event")
    ((level, _, fields),) = log.logged
    assert level == ERROR
    assert fields["exc_info"][1] is error


async def test_an_exception_is_taken_along_asynchronously(log: Log) -> None:
    try:
        int("x")
    except ValueError:
        await log.logger.aexception("event")
    await log.logger.alog(WARNING, "event")
    (first, second) = log.logged
    assert first[2]["exc_info"][0] is ValueError
    assert second == (WARNING, "event", {})


def test_structlogs_processors_run_when_there_are_any(log: Log) -> None:
    def double(
        _: object, method_name: str, event_dict: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        return {**event_dict, "n": event_dict["n"] * 2, "method": method_name}

    log.processors.append(double)
    log.logger.bind(bound=1).info("n is %d", 3, n=3)
    assert log.logged == [(INFO, "n is 3", {"bound": 1, "n": 6, "method": "info"})]


def test_a_processor_may_render_text_or_drop_the_line(log: Log) -> None:
    def drop_or_render(_: object, __: str, event_dict: structlog.typing.EventDict) -> str:
        if event_dict["event"] == "secret":
            raise structlog.DropEvent
        return "rendered"

    log.processors.append(drop_or_render)
    log.logger.info("secret")
    log.logger.info("public")
    assert log.logged == [(INFO, "rendered", {})]


@pytest.mark.parametrize("processors", [[], [structlog.processors.add_log_level]])
def test_the_stack_ends_with_the_log_call(log: Log, processors: list[structlog.typing.Processor]) -> None:
    log.processors.extend(processors)
    log.logger.error("failed", stack_info=True)
    log.logger.error("failed", stack_info=False)
    (_, _, with_stack), (_, _, without) = log.logged
    assert with_stack["stack"].startswith("Stack (most recent call last):\n")
    assert with_stack["stack"].endswith('log.logger.error("failed", stack_info=True)')
    assert "stack_info" not in with_stack
    assert without.keys().isdisjoint({"stack", "stack_info"})
