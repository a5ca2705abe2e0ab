import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ha_ingestor_logging.deliveries import to_aggregator
from ha_ingestor_logging.delivery import Delivery
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.levels import DEBUG, ERROR, INFO, LEVEL_NAMES, WARNING
from ha_ingestor_logging.output import Line
from ha_ingestor_logging.settings import Settings
from tests.library.recording_aggregator import Answer, RecordingAggregator

MakeDelivery = Callable[..., Delivery]
SetLevels = Callable[[Mapping[str, int]], None]
ACCEPTED = b'{"accepted":1,"errors":[]}'


def ignore_levels(_levels: Mapping[str, int]) -> None:
    pass


class Reports:
    def __init__(self) -> None:
        self.reported: list[tuple[int, str]] = []
        self.reasons: list[object] = []

    def __call__(self, level: int, message: str, /, **fields: object) -> None:
        self.reported.append((level, message))
        if "reason" in fields:
            self.reasons.append(fields["reason"])


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def make_delivery(aggregator: RecordingAggregator, reports: Reports) -> Iterator[MakeDelivery]:
    made: list[Delivery] = []

    def make(set_levels: SetLevels = ignore_levels, **settings: Any) -> Delivery:
        chosen: dict[str, Any] = {
            "url": aggregator.url,
            "batch_interval_s": 0.01,
            "metrics_interval_s": 0.0,
            "remote_levels_interval_s": 0.0,
        }
        delivery = to_aggregator(
            Settings(service="service", token="secret", **{**chosen, **settings}),
            lambda: b"up 1\n",
            set_levels,
            reports,
        )
        made.append(delivery)
        return delivery

    yield make
    for delivery in made:
        delivery.close()


def line(number: int, padding: int = 0, level: int = INFO) -> Line:
    record = {"n": number, "level": LEVEL_NAMES[level], "uid": f"u{number}", "padding": "x" * padding}
    return level, json.dumps(record).encode() + b"\n"


def flushed(delivery: Delivery, timeout_s: float = 15.0) -> bool:
    marker = FlushMarker(1)
    delivery.flush(marker)
    return marker.wait(timeout_s)


def numbers(aggregator: RecordingAggregator) -> list[int]:
    return [record["n"] for record in aggregator.records]


def test_lines_arrive_in_order(make_delivery: MakeDelivery, aggregator: RecordingAggregator) -> None:
    delivery = make_delivery()
    delivery.write([line(number) for number in range(100)])
    assert flushed(delivery)
    assert numbers(aggregator) == list(range(100))
    assert delivery.delivered == 100
    assert delivery.dropped == {}


def test_lines_are_gathered_into_one_request(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    delivery = make_delivery(batch_interval_s=0.3)
    for number in range(10):
        delivery.write([line(number)])
    aggregator.wait_for(1)
    assert flushed(delivery)
    assert [len(request.lines) for request in aggregator.log_requests] == [10]


def test_lines_are_sent_early_when_the_room_is_small_for_a_batch(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    delivery = make_delivery(batch_interval_s=60.0, delivery_size_bytes=100_000)
    for start in range(0, 2000, 10):
        delivery.write([line(number, padding=300) for number in range(start, start + 10)])
        time.sleep(0.002)
    aggregator.wait_for(2)
    assert flushed(delivery)
    # What is written at once may be more than the room holds uncompressed.
    delivery.write([line(number, padding=300) for number in range(2000, 2500)])
    assert flushed(delivery)
    assert delivery.dropped == {}
    assert numbers(aggregator) == list(range(2500))


def test_lines_are_not_sent_early_to_an_aggregator_that_is_away(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers += [Answer(503, headers={"Retry-After": "200"})] * 20
    delivery = make_delivery(delivery_size_bytes=20_000)
    delivery.write([line(0)])
    aggregator.wait_for(1)
    wait_until(lambda: delivery.failure is not None)
    for _ in range(100):
        delivery.write([line(1, padding=1000, level=ERROR)])
        time.sleep(0.002)
    assert len(aggregator.log_requests) == 1


def test_a_batch_holds_no_more_than_its_bound(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    delivery = make_delivery(batch_size_bytes=3000)
    delivery.write([line(number, padding=1000) for number in range(7)])
    assert flushed(delivery)
    assert [len(request.lines) for request in aggregator.log_requests] == [2, 2, 2, 1]


@pytest.mark.parametrize("failure", [Answer(429), Answer(500), Answer(503), Answer(0), Answer(200, b"proxy")])
def test_a_failed_request_is_repeated_with_the_same_uids(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, failure: Answer
) -> None:
    aggregator.answers.append(failure)
    delivery = make_delivery()
    delivery.write([line(1), line(2)])
    assert flushed(delivery)
    first, second = aggregator.log_requests
    assert first.lines == second.lines
    assert [record["uid"] for record in second.lines] == ["u1", "u2"]
    assert (delivery.delivered, delivery.retries) == (2, 1)


def test_the_aggregators_wish_to_wait_is_respected(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(429, headers={"Retry-After": "2"}))
    delivery = make_delivery()
    delivery.write([line(1)])
    aggregator.wait_for(1)
    started = time.monotonic()
    aggregator.wait_for(2)
    assert time.monotonic() - started > 1.8


def test_a_flush_does_not_wait_for_the_next_attempt(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(503, headers={"Retry-After": "200"}))
    delivery = make_delivery()
    delivery.write([line(1)])
    aggregator.wait_for(1)
    assert flushed(delivery)
    assert numbers(aggregator) == [1, 1]


def test_a_batch_that_is_too_large_is_halved(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers += [Answer(413), Answer(413)]
    delivery = make_delivery()
    delivery.write([line(number) for number in range(4)])
    assert flushed(delivery)
    assert [[record["n"] for record in request.lines] for request in aggregator.log_requests] == [
        [0, 1, 2, 3],
        [0, 1],
        [0],
        [1],
        [2, 3],
    ]
    assert delivery.delivered == 4


def test_one_line_that_is_too_large_is_dropped_and_counted(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(413))
    delivery = make_delivery()
    delivery.write([line(1, level=ERROR)])
    assert flushed(delivery)
    assert delivery.dropped == {("too_large", ERROR): 1}


def test_one_refused_line_costs_no_other(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, reports: Reports
) -> None:
    # The whole, its first half, and of that the second line.
    aggregator.answers += [Answer(400), Answer(400), Answer(200, ACCEPTED), Answer(400)]
    delivery = make_delivery()
    delivery.write([line(0), line(1, level=ERROR), line(2), line(3)])
    assert flushed(delivery)
    assert delivery.dropped == {("refused", ERROR): 1}
    assert [[record["n"] for record in request.lines] for request in aggregator.log_requests] == [
        [0, 1, 2, 3],
        [0, 1],
        [0],
        [1],
        [2, 3],
    ]
    assert delivery.delivered == 3
    assert reports.reported == [(ERROR, "the aggregator refused log lines")] * 2


def test_an_aggregator_that_refuses_everything_is_not_flooded(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, reports: Reports
) -> None:
    aggregator.answers += [Answer(422)] * 60
    delivery = make_delivery()
    for number in range(10):
        delivery.write([line(number * 100 + offset) for offset in range(100)])
        assert flushed(delivery)
    assert delivery.dropped == {("refused", INFO): 1000}
    assert len(aggregator.log_requests) < 60
    assert reports.reported == [(ERROR, "the aggregator refused log lines")]


def test_lines_kept_as_text_only_are_counted(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(200, b'{"accepted":1,"errors":[{"line":1,"message":"bad"}]}'))
    delivery = make_delivery()
    delivery.write([line(1)])
    assert flushed(delivery)
    assert (delivery.delivered, delivery.faulty) == (1, 1)


def test_memory_is_bounded_while_the_aggregator_is_away(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(503, headers={"Retry-After": "200"}))
    delivery = make_delivery(delivery_size_bytes=100_000, batch_size_bytes=1000)
    delivery.write([line(0)])
    aggregator.wait_for(1)
    delivery.write([line(number, padding=1000, level=DEBUG) for number in range(1, 1000)])
    room = [delivery.has_room]
    delivery.write([line(1000, level=ERROR)])
    ((reason, count),) = delivery.dropped.items()
    assert reason == ("delivery_full", DEBUG)
    assert flushed(delivery)
    assert [*room, delivery.has_room] == [False, True]
    kept = set(numbers(aggregator))
    assert len(kept) == 1001 - count
    assert {0, 1, 1000} <= kept
    assert sum(len(request.body) for request in aggregator.log_requests) < 100_000


def test_an_outage_is_reported_once_and_its_end(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, reports: Reports
) -> None:
    aggregator.answers += [Answer(503)] * 3
    delivery = make_delivery()
    delivery.write([line(1)])
    for _ in range(4):
        flushed(delivery, 0.2)
    aggregator.wait_for(4)
    assert flushed(delivery)
    assert reports.reported == [
        (WARNING, "the aggregator is unavailable; log lines wait"),
        (INFO, "the aggregator is available again"),
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "the token is not accepted (HTTP 401)"),
        (403, "the token lacks the ingest scope (HTTP 403)"),
    ],
)
def test_a_refused_token_is_reported_at_once_and_once_and_its_end(
    make_delivery: MakeDelivery,
    aggregator: RecordingAggregator,
    reports: Reports,
    status: int,
    reason: str,
) -> None:
    aggregator.answers += [Answer(status)] * 2
    delivery = make_delivery()
    delivery.write([line(1)])
    aggregator.wait_for(2)
    assert reports.reported == [(ERROR, "the aggregator refuses the token; log lines wait")]
    failure_before = delivery.failure
    assert [*reports.reasons, failure_before] == [reason, reason]
    aggregator.wait_for(3)
    assert flushed(delivery)
    assert delivery.delivered == 1
    assert delivery.failure is None
    assert reports.reported[1:] == [(INFO, "the aggregator is available again")]


def test_a_token_that_is_refused_after_an_outage_is_reported_too(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, reports: Reports
) -> None:
    aggregator.answers += [Answer(503), Answer(503), Answer(401)]
    delivery = make_delivery()
    delivery.write([line(1)])
    aggregator.wait_for(4)
    assert flushed(delivery)
    assert reports.reported == [
        (WARNING, "the aggregator is unavailable; log lines wait"),
        (ERROR, "the aggregator refuses the token; log lines wait"),
        (INFO, "the aggregator is available again"),
    ]


def test_a_flush_does_not_wait_for_a_refused_token(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers += [Answer(401, headers={"Retry-After": "200"})] * 2
    delivery = make_delivery()
    delivery.write([line(1)])
    aggregator.wait_for(1)
    started = time.monotonic()
    assert not flushed(delivery, 20.0)
    assert time.monotonic() - started < 5
    # The second refusal may come only now.
    assert flushed(delivery) or flushed(delivery)
    assert delivery.delivered == 1


def test_one_closed_connection_is_not_worth_a_report(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, reports: Reports
) -> None:
    aggregator.answers.append(Answer(0))
    delivery = make_delivery()
    delivery.write([line(1)])
    assert flushed(delivery)
    assert reports.reported == []


def test_what_is_undelivered_when_it_closes_is_counted(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers += [Answer(503, headers={"Retry-After": "200"})] * 5
    delivery = make_delivery(batch_size_bytes=1)
    delivery.write([line(1), line(2, level=ERROR)])
    aggregator.wait_for(1)
    delivery.close()
    assert delivery.dropped == {("exit", INFO): 1, ("exit", ERROR): 1}


def test_lines_in_a_request_that_hangs_are_counted_when_it_closes(make_delivery: MakeDelivery) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        delivery = make_delivery(url=f"http://127.0.0.1:{silent.getsockname()[1]}", request_timeout_s=3.0)
        delivery.write([line(1), line(2)])
        connection, _ = silent.accept()
        delivery.write([line(3, level=ERROR)])
        delivery.close()
        assert delivery.dropped == {("exit", INFO): 2, ("exit", ERROR): 1}
        connection.close()


def test_a_close_after_a_flush_that_took_all_of_its_time_waits_no_longer(make_delivery: MakeDelivery) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        delivery = make_delivery(url=f"http://127.0.0.1:{silent.getsockname()[1]}", request_timeout_s=3.0)
        delivery.write([line(1)])
        assert not flushed(delivery, 0.3)
        started_s = time.monotonic()
        delivery.close()
        assert time.monotonic() - started_s < 0.7
        assert delivery.dropped == {("exit", INFO): 1}


def test_metrics_are_pushed_at_their_interval_even_without_lines(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    delivery = make_delivery(metrics_interval_s=0.1)
    delivery.start()
    with aggregator.arrived:
        assert aggregator.arrived.wait_for(lambda: len(aggregator.requests) >= 3, 10)
    assert {(request.method, request.path, request.body) for request in aggregator.requests} == {
        ("PUT", "/metrics/job/service", b"up 1\n")
    }


def test_a_forked_child_leaves_the_metrics_to_its_parent(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    delivery = make_delivery(metrics_interval_s=0.05)
    delivery.after_fork()
    delivery.write([line(1)])
    assert flushed(delivery)
    assert [request.path for request in aggregator.requests] == ["/api/v1/logs"]


def test_a_flush_pushes_the_metrics(make_delivery: MakeDelivery, aggregator: RecordingAggregator) -> None:
    delivery = make_delivery(metrics_interval_s=1000.0)
    assert flushed(delivery)
    assert [request.path for request in aggregator.requests] == ["/metrics/job/service"]


def test_lines_wait_in_the_spool_while_the_aggregator_is_away(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, tmp_path: Path
) -> None:
    aggregator.answers.append(Answer(503, headers={"Retry-After": "200"}))
    delivery = make_delivery(spool=str(tmp_path), delivery_size_bytes=20_000)
    for number in range(200):
        delivery.write([line(number, padding=500)])
        time.sleep(0.001)
    deadline = time.monotonic() + 30
    while spooled(delivery) < 200 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert spooled(delivery) == 200
    assert flushed(delivery)
    sent = [record["n"] for request in aggregator.log_requests[1:] for record in request.lines]
    assert sent == list(range(200))
    assert delivery.dropped == {}
    delivery.close()
    assert list(tmp_path.iterdir()) == []


def test_lines_that_find_no_memory_during_a_slow_request_go_to_the_spool(
    make_delivery: MakeDelivery, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        delivery = make_delivery(
            url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            request_timeout_s=30.0,
            spool=str(tmp_path),
            delivery_size_bytes=20_000,
        )
        delivery.write([line(0)])
        connection, _ = silent.accept()
        for number in range(1, 300):
            delivery.write([line(number, padding=1000)])
        assert delivery.dropped == {}
        assert spooled(delivery) > 250
        connection.close()


def test_what_is_undelivered_when_it_closes_waits_for_the_next_start(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, tmp_path: Path
) -> None:
    aggregator.answers += [Answer(503, headers={"Retry-After": "200"})]
    first = make_delivery(spool=str(tmp_path), batch_interval_s=100.0)
    first.write([line(number) for number in range(10)])
    assert not flushed(first, 0.5)
    first.write([line(number) for number in range(10, 20)])
    first.close()
    assert first.dropped == {}
    second = make_delivery(spool=str(tmp_path))
    second.start()
    aggregator.wait_for(2, timeout_s=30)
    second.write([line(20)])
    assert flushed(second)
    deadline = time.monotonic() + 30
    while len(set(numbers(aggregator))) < 21 and time.monotonic() < deadline:
        time.sleep(0.01)
    sent = [record["n"] for request in aggregator.log_requests[1:] for record in request.lines]
    assert sorted(sent) == list(range(21))
    assert [number for number in sent if number < 20] == list(range(20))


def test_who_leaves_does_not_wait_for_what_is_in_the_spool(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, tmp_path: Path
) -> None:
    aggregator.answers += [Answer(503, headers={"Retry-After": "200"})] * 3
    delivery = make_delivery(spool=str(tmp_path))
    delivery.write([line(1)])
    staying, leaving = FlushMarker(1), FlushMarker(1, leaving=True)
    delivery.flush(staying)
    delivery.flush(leaving)
    started_s = time.monotonic()
    assert not leaving.wait(30)
    assert time.monotonic() - started_s < 10
    assert spooled(delivery) == 1
    assert not staying.wait(0.2)
    aggregator.answers.clear()
    assert flushed(delivery)
    assert staying.wait(1)
    assert delivery.delivered == 1


def test_who_leaves_waits_when_there_is_no_spool(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    aggregator.answers.append(Answer(503))
    delivery = make_delivery()
    delivery.write([line(1)])
    leaving = FlushMarker(1, leaving=True)
    delivery.flush(leaving)
    assert leaving.wait(30)
    assert delivery.delivered == 1


def test_a_request_that_hangs_at_the_end_is_spooled_too(make_delivery: MakeDelivery, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        delivery = make_delivery(url=url, request_timeout_s=3.0, spool=str(tmp_path))
        delivery.write([line(1)])
        connection, _ = silent.accept()
        delivery.write([line(2)])
        delivery.close()
        assert (delivery.dropped, spooled(delivery)) == ({}, 2)
        connection.close()


def test_without_a_disk_lines_wait_in_memory_and_that_is_said_once(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, reports: Reports, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    aggregator.answers += [Answer(503)] * 3
    delivery = make_delivery(spool=str(tmp_path / "file" / "spool"))
    delivery.write([line(1)])
    aggregator.wait_for(2)
    delivery.write([line(2)])
    assert flushed(delivery)
    assert set(numbers(aggregator)) == {1, 2}
    assert delivery.delivered == 2
    assert [message for _, message in reports.reported].count(
        "the spool can't be used; log lines wait in memory"
    ) == 1


def spooled(delivery: Delivery) -> int:
    assert delivery.spool is not None
    return delivery.spool.spooled


def levels_answer(version: str, **levels: str) -> Answer:
    held = {logger: {"level": level, "until": None, "for_s": None} for logger, level in levels.items()}
    content = {"service": "service", "version": version, "levels": held}
    return Answer(200, json.dumps(content).encode())


def asked(aggregator: RecordingAggregator) -> int:
    return sum(request.path == "/api/v1/services/service/levels" for request in aggregator.requests)


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_levels_are_asked_for_when_an_answer_names_other_ones(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    set_levels: list[Mapping[str, int]] = []
    delivery = make_delivery(set_levels.append, remote_levels_interval_s=60.0)
    aggregator.levels = levels_answer("v1", a="DEBUG")
    aggregator.answers += [Answer(200, ACCEPTED, {"X-Levels-Version": "v1"})] * 3
    for number in range(3):
        delivery.write([line(number)])
        assert flushed(delivery)
    wait_until(lambda: bool(set_levels))
    assert (set_levels, asked(aggregator)) == ([{"a": DEBUG}], 1)


def test_a_service_that_says_nothing_hears_of_levels(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    set_levels: list[Mapping[str, int]] = []
    delivery = make_delivery(set_levels.append, remote_levels_interval_s=0.1)
    delivery.start()
    wait_until(lambda: asked(aggregator) > 0)
    aggregator.levels = levels_answer("v1", a="DEBUG")
    wait_until(lambda: set_levels == [{"a": DEBUG}])
    aggregator.levels = levels_answer("none")
    wait_until(lambda: set_levels == [{"a": DEBUG}, {}])


def test_who_does_not_follow_the_aggregator_never_asks(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    delivery = make_delivery(remote_levels_interval_s=0.0)
    aggregator.answers.append(Answer(200, ACCEPTED, {"X-Levels-Version": "v1"}))
    delivery.write([line(0)])
    assert flushed(delivery)
    time.sleep(1.2)
    assert asked(aggregator) == 0


def test_an_aggregator_that_always_names_other_levels_is_asked_once_a_second(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator
) -> None:
    delivery = make_delivery(remote_levels_interval_s=60.0)
    started_s = time.monotonic()
    for number in range(40):
        aggregator.answers.append(Answer(200, ACCEPTED, {"X-Levels-Version": f"v{number}"}))
    for number in range(40):
        delivery.write([line(number)])
        assert flushed(delivery)
    assert delivery.delivered == 40
    assert 1 <= asked(aggregator) <= time.monotonic() - started_s + 1


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[" * 100_000, b'{"levels":{"a":{"level":"LOUD"}},"version":"v"}', b"x" * 1_000_000],
)
def test_a_broken_answer_about_levels_costs_nothing(
    make_delivery: MakeDelivery, aggregator: RecordingAggregator, reports: Reports, answer: bytes
) -> None:
    set_levels: list[Mapping[str, int]] = []
    delivery = make_delivery(set_levels.append, remote_levels_interval_s=0.05)
    aggregator.levels = Answer(200, answer)
    delivery.start()
    wait_until(lambda: asked(aggregator) >= 3)
    delivery.write([line(number) for number in range(10)])
    assert flushed(delivery)
    assert (numbers(aggregator), set_levels, reports.reported) == (list(range(10)), [], [])
