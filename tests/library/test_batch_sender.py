import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.batch_sender import BatchSender
from ha_ingestor_logging.errors import ReceiverUnavailableError, RequestRefusedError, RequestTooLargeError
from ha_ingestor_logging.levels import ERROR, INFO, UNKNOWN, WARNING
from ha_ingestor_logging.receiver import Receipt


def batch(lines: int) -> Batch:
    return Batch.of([(INFO, b'{"level":"INFO","n":%d}\n' % number) for number in range(lines)])


def numbers(sent: Batch) -> list[int]:
    return [json.loads(line)["n"] for _, line in sent.lines()]


def ignore(_level: int, _message: str, /, **_fields: object) -> None:
    pass


def refusing(bad: set[int], stored: list[int]) -> Callable[[Batch], Receipt]:
    def send(sent: Batch) -> Receipt:
        if bad & set(numbers(sent)):
            raise RequestRefusedError("HTTP 400")
        stored.extend(numbers(sent))
        return Receipt(sent.records, 0)

    return send


@given(st.integers(min_value=1, max_value=60), st.integers(min_value=0, max_value=59))
def test_one_bad_line_costs_only_itself(lines: int, bad: int) -> None:
    stored: list[int] = []
    sender = BatchSender("they", refusing({bad}, stored), ignore)
    sender.store(batch(lines))
    assert stored == [number for number in range(lines) if number != bad]
    assert sender.delivered == len(stored)
    assert sender.dropped == ({("refused", INFO): 1} if bad < lines else {})


@given(st.integers(min_value=1, max_value=100), st.integers(min_value=1, max_value=100))
def test_what_is_too_large_is_sent_in_parts(lines: int, lines_max: int) -> None:
    stored: list[int] = []

    def send(sent: Batch) -> Receipt:
        if sent.records > lines_max:
            raise RequestTooLargeError("HTTP 413")
        stored.extend(numbers(sent))
        return Receipt(sent.records, 1)

    sender = BatchSender("they", send, ignore)
    sender.store(batch(lines))
    assert stored == list(range(lines))
    assert (sender.delivered, sender.dropped) == (lines, {})
    assert sender.faulty >= 1


def test_an_outage_in_the_midst_counts_nothing_twice() -> None:
    answers = [RequestRefusedError("HTTP 400"), None, ReceiverUnavailableError("HTTP 503"), None]

    def send(sent: Batch) -> Receipt:
        if error := answers.pop(0):
            raise error
        return Receipt(sent.records, 0)

    sender = BatchSender("they", send, ignore)
    with pytest.raises(ReceiverUnavailableError):
        sender.store(batch(10))
    assert (sender.delivered, sender.dropped) == (0, {})
    sender.store(batch(10))
    assert (sender.delivered, sender.dropped) == (10, {})


def test_what_would_be_refused_whatever_it_holds_is_not_taken_apart() -> None:
    sent: list[Batch] = []

    def send(batch: Batch) -> Receipt:
        sent.append(batch)
        raise RequestRefusedError("HTTP 404", whatever_it_holds=True)

    sender = BatchSender("they", send, ignore)
    sender.store(batch(10))
    assert (len(sent), sender.dropped) == (1, {("refused", INFO): 10})


def test_lines_that_are_refused_in_a_receipt_are_counted_and_told_once() -> None:
    reported: list[tuple[int, str, object]] = []

    def report(level: int, message: str, /, **fields: object) -> None:
        reported.append((level, message, fields["reason"]))

    sender = BatchSender("they", lambda sent: Receipt(sent.records - 2, refused=2, message="too old"), report)
    mixed = Batch.of([(INFO, b'{"level":"INFO"}\n'), (ERROR, b'{"level":"ERROR"}\n')])
    for sent in (batch(10), batch(5), mixed):
        sender.store(sent)
    assert sender.delivered == 11
    assert sender.dropped == {("refused", INFO): 4, ("refused", UNKNOWN): 2}
    assert reported == [(ERROR, "they refused log lines", "too old")]


def test_a_warning_in_a_receipt_costs_no_line_and_is_told_once() -> None:
    reported: list[tuple[int, str]] = []

    def report(level: int, message: str, /, **_fields: object) -> None:
        reported.append((level, message))

    sender = BatchSender("they", lambda sent: Receipt(sent.records, message="deprecated"), report)
    for _ in range(3):
        sender.store(batch(2))
    assert (sender.delivered, sender.dropped) == (6, {})
    assert reported == [(WARNING, "they took log lines and warned")]
