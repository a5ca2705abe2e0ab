import asyncio
import pickle
import re
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging import (
    amend_correlation,
    consumes,
    correlation,
    correlation_from_headers,
    current_correlation,
    get_logger,
    new_correlation,
)
from ha_ingestor_logging.headers import Headers
from tests.library.capturing import Capture

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE_ID}-b7ad6b7169203331-01"}


def test_outside_of_any_block_there_is_none() -> None:
    assert current_correlation() is None


def test_the_correlation_id_is_the_trace_id_unless_given() -> None:
    with correlation() as fresh:
        assert fresh.correlation_id == fresh.trace_id
        assert current_correlation() is fresh
    with correlation("job-7") as named:
        assert named.correlation_id == "job-7"
        assert named.trace_id != "job-7"
    assert current_correlation() is None


def test_a_block_inside_another_continues_its_trace_with_a_span_of_its_own() -> None:
    with correlation("outer", request_id="r1") as outer:
        with correlation() as inner:
            assert inner.trace_id == outer.trace_id
            assert inner.span_id != outer.span_id
            assert (inner.correlation_id, inner.request_id) == ("outer", "r1")
        assert current_correlation() is outer


def test_the_ids_are_gone_after_an_exception() -> None:
    with pytest.raises(KeyError), correlation():
        raise KeyError
    assert current_correlation() is None


def test_work_can_be_resumed_under_the_ids_it_was_handed_over_with() -> None:
    handed_over = new_correlation("event-1")
    with correlation(resume=handed_over) as resumed:
        assert resumed is handed_over


def test_one_instance_can_be_entered_again_inside_itself() -> None:
    scope = correlation()
    with scope as outer, scope as inner:
        assert inner.trace_id == outer.trace_id
    assert current_correlation() is None


def test_each_call_of_a_decorated_function_gets_its_own_ids() -> None:
    @correlation()
    def job() -> str:
        current = current_correlation()
        assert current is not None
        return current.correlation_id

    assert job() != job()
    assert job.__name__ == "job"
    assert current_correlation() is None


async def test_a_decorated_coroutine_keeps_its_ids_while_others_run() -> None:
    @correlation()
    async def job() -> tuple[str, str]:
        before = current_correlation()
        await asyncio.sleep(0.01)
        after = current_correlation()
        assert before is not None
        assert after is not None
        return before.correlation_id, after.correlation_id

    pairs = await asyncio.gather(*(job() for _ in range(5)))
    assert all(before == after for before, after in pairs)
    assert len(set(pairs)) == 5


async def test_tasks_and_threads_of_asyncio_inherit_the_ids() -> None:
    with correlation() as outer:
        in_task = asyncio.create_task(asyncio.sleep(0, current_correlation()))
        in_thread = asyncio.to_thread(current_correlation)
        assert await in_task is outer
        assert await in_thread is outer


def test_a_plain_executor_does_not_leak_ids_into_other_work() -> None:
    with ThreadPoolExecutor(1) as executor:
        executor.submit(correlation("one")(lambda: None)).result()
        assert executor.submit(current_correlation).result() is None


def test_incoming_headers_are_followed() -> None:
    incoming = correlation_from_headers(
        PARENT | {"X-Correlation-ID": "order-5", "X-Request-ID": "r-9", "tracestate": "vendor=1"}
    )
    assert incoming.trace_id == TRACE_ID
    assert incoming.span_id != "b7ad6b7169203331"
    assert incoming.fields() == {
        "trace_id": TRACE_ID,
        "span_id": incoming.span_id,
        "correlation_id": "order-5",
        "request_id": "r-9",
    }
    assert incoming.headers() == {
        "traceparent": f"00-{TRACE_ID}-{incoming.span_id}-01",
        "X-Correlation-ID": "order-5",
        "X-Request-ID": "r-9",
        "tracestate": "vendor=1",
    }


def test_the_sampling_decision_is_passed_on() -> None:
    unsampled = correlation_from_headers({"traceparent": PARENT["traceparent"][:-2] + "00"})
    assert unsampled.headers()["traceparent"].endswith("-00")


def test_tracestate_without_traceparent_is_ignored() -> None:
    assert correlation_from_headers({"tracestate": "vendor=1"}).tracestate is None


@pytest.mark.parametrize(
    "headers",
    [
        [("TraceParent", PARENT["traceparent"]), ("TRACESTATE", "a=1"), ("tracestate", "b=2")],
        [(b"traceparent", PARENT["traceparent"].encode()), (b"tracestate", b"a=1,b=2"), (b"other", None)],
        {"traceparent": PARENT["traceparent"].encode(), "tracestate": b"a=1,b=2"},
    ],
)
def test_headers_may_be_pairs_bytes_and_in_any_case(headers: Headers) -> None:
    incoming = correlation_from_headers(headers)
    assert incoming.trace_id == TRACE_ID
    assert incoming.tracestate == "a=1,b=2"


@pytest.mark.parametrize("headers", [None, {}, [], [("other", None)], {"traceparent": 5}])
def test_a_message_without_ids_gets_new_ones(headers: Headers) -> None:
    incoming = correlation_from_headers(headers)
    assert incoming.correlation_id == incoming.trace_id
    assert correlation_from_headers(headers).trace_id != incoming.trace_id


def test_two_parents_restart_the_trace() -> None:
    incoming = correlation_from_headers(
        [("traceparent", PARENT["traceparent"])] * 2 + [("tracestate", "a=1")]
    )
    assert incoming.trace_id != TRACE_ID
    assert incoming.tracestate is None


def test_a_malformed_tracestate_does_not_cost_the_trace() -> None:
    incoming = correlation_from_headers(PARENT | {"tracestate": "bad"})
    assert (incoming.trace_id, incoming.tracestate) == (TRACE_ID, None)


@pytest.mark.parametrize("foreign", ["", " ", "a b", "x" * 129, "a\r\nSet-Cookie: b", "é", "\x00"])
def test_foreign_ids_that_are_not_short_words_are_replaced(foreign: str) -> None:
    incoming = correlation_from_headers({"X-Correlation-ID": foreign, "X-Request-ID": foreign})
    assert incoming.correlation_id == incoming.trace_id
    assert incoming.request_id is None


@given(
    st.dictionaries(
        st.sampled_from(["traceparent", "tracestate", "X-Correlation-ID", "X-Request-ID"]), st.text()
    )
)
def test_any_headers_give_headers_that_are_safe_to_send(headers: dict[str, str]) -> None:
    for value in correlation_from_headers(headers).headers().values():
        assert re.fullmatch(r"[\x20-\x7e]+", value)


def test_user_and_operation_are_inherited_and_never_sent() -> None:
    with correlation(user="anna", operation="import") as outer, correlation() as inner:
        assert (inner.user, inner.operation) == ("anna", "import")
        assert outer.fields().items() >= {"user": "anna", "operation": "import"}.items()
        assert "anna" not in str(inner.headers())
        assert "import" not in str(inner.headers())
    with correlation(user="anna"), correlation(user="berta", operation="export") as inner:
        assert (inner.user, inner.operation) == ("berta", "export")


def test_what_becomes_known_later_is_added_to_the_current_ids(capture: Capture) -> None:
    log = get_logger()
    with correlation("c-1", operation="import") as before:
        log.info("first")
        amended = amend_correlation(user="anna")
        log.info("second")
        assert (amended.span_id, amended.operation) == (before.span_id, "import")
    assert current_correlation() is None
    first, second = capture()
    assert "user" not in first
    assert (second["user"], second["operation"], second["correlation_id"]) == ("anna", "import", "c-1")


async def test_outside_of_a_correlation_amending_begins_one_for_the_task() -> None:
    async def job() -> str | None:
        return amend_correlation(user="anna").user

    assert await asyncio.create_task(job()) == "anna"
    assert current_correlation() is None


def test_each_message_of_a_consumer_is_handled_under_its_own_ids() -> None:
    @consumes(lambda message: message["headers"])
    def handle(message: dict[str, dict[str, str]]) -> tuple[str, str]:
        current = current_correlation()
        assert current is not None
        return message["headers"]["X-Correlation-ID"], current.correlation_id

    assert handle.__name__ == "handle"
    for correlation_id in ("order-1", "order-2"):
        assert handle({"headers": {"X-Correlation-ID": correlation_id}}) == (correlation_id, correlation_id)
    assert current_correlation() is None


async def test_messages_that_are_handled_at_once_keep_their_ids_apart() -> None:
    @consumes(lambda headers: headers)
    async def handle(headers: dict[str, str]) -> bool:
        await asyncio.sleep(0.01)
        current = current_correlation()
        return current is not None and current.correlation_id == headers["X-Correlation-ID"]

    assert all(await asyncio.gather(*(handle({"X-Correlation-ID": f"m-{n}"}) for n in range(5))))


def test_a_decorated_generator_keeps_its_ids_to_itself() -> None:
    @correlation("job")
    def job() -> Iterator[str]:
        for _ in range(2):
            current = current_correlation()
            assert current is not None
            yield current.correlation_id

    with correlation("consumer") as outer:
        for correlation_id in job():
            assert correlation_id == "job"
            assert current_correlation() is outer


async def test_a_decorated_async_generator_keeps_its_ids_to_itself() -> None:
    @correlation("job")
    async def job() -> AsyncIterator[str]:
        for _ in range(2):
            await asyncio.sleep(0)
            current = current_correlation()
            assert current is not None
            yield current.correlation_id

    with correlation("consumer") as outer:
        async for correlation_id in job():
            assert correlation_id == "job"
            assert current_correlation() is outer


def test_ids_can_be_handed_to_another_process() -> None:
    handed_over = new_correlation("event-1", user="anna")
    assert pickle.loads(pickle.dumps(handed_over)) == handed_over  # noqa: S301 - our own


async def test_what_async_code_binds_is_seen_by_the_sync_code_that_it_calls(capture: Capture) -> None:
    log = get_logger()

    def in_a_thread() -> None:
        log.info("sync")

    with correlation("c-1"), structlog.contextvars.bound_contextvars(room="hall"):
        log.info("async")
        await log.ainfo("awaited")
        await asyncio.to_thread(in_a_thread)
        in_a_thread()
    lines = [(record["message"], record["correlation_id"], record["room"]) for record in capture()]
    assert lines == [(message, "c-1", "hall") for message in ("async", "awaited", "sync", "sync")]
