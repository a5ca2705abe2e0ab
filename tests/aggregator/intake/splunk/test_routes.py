"""Splunk's event collector of a running aggregator."""

import gzip
import json
import os

import pytest

from tests.aggregator.running_aggregator import Aggregator

ROOT = "/services/collector"
SUCCESS = {"text": "Success", "code": 0}


def event(mark: str) -> bytes:
    return json.dumps({"time": 1426279439.123, "host": "pi", "source": "app.log", "event": mark}).encode()


@pytest.mark.parametrize("path", ["", "/event", "/event/1.0"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", ""])
def test_events_are_stored_whatever_their_content_type(aggregator: Aggregator, path: str, kind: str) -> None:
    mark = os.urandom(8).hex()
    body = event(mark) * 2
    answer = aggregator.intake(
        "POST", ROOT + path, gzip.compress(body), Content_Encoding="gzip", Content_Type=kind
    )
    assert (answer.status, answer.json) == (200, SUCCESS)
    for row in aggregator.wait_for(mark, 2):
        expected = {
            "timestamp": "2015-03-13T20:43:59.123Z",
            "host": "pi",
            "sent_source": "app.log",
            "message": mark,
            "source": "splunk",
        }
        assert expected.items() <= row.items()


@pytest.mark.parametrize("path", ["/raw", "/raw/1.0"])
def test_raw_lines_are_stored(aggregator: Aggregator, path: str) -> None:
    mark = os.urandom(8).hex()
    body = f"ERROR:root:{mark} a\n{mark} b\n".encode()
    answer = aggregator.intake("POST", f"{ROOT}{path}?host=pi&sourcetype=x", body)
    assert (answer.status, answer.json) == (200, SUCCESS)
    first, second = aggregator.wait_for(mark, 2)
    assert {(row["message"], row.get("level")) for row in (first, second)} == {
        (f"{mark} a", "ERROR"),
        (f"{mark} b", None),
    }
    assert (first["host"], first["sourcetype"]) == ("pi", "x")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/health"), ("GET", "/health/1.0"), ("OPTIONS", "/event/1.0")]
)
def test_whoever_asks_whether_it_is_well_is_told(aggregator: Aggregator, method: str, path: str) -> None:
    answer = aggregator.intake(method, ROOT + path, scope=None)
    assert (answer.status, answer.json) == (200, {"text": "HEC is healthy", "code": 17})


def test_a_channel_gets_an_acknowledgement(aggregator: Aggregator) -> None:
    numbers = [
        aggregator.intake("POST", ROOT, event("x"), X_Splunk_Request_Channel="c").json["ackId"]
        for _ in range(2)
    ]
    assert numbers[0] < numbers[1]
    body = json.dumps({"acks": numbers}).encode()
    answer = aggregator.intake("POST", f"{ROOT}/ack?channel=c", body)
    assert answer.json == {"acks": {str(number): True for number in numbers}}
    for bad in (b"no", b"{}", b'{"acks":["a"]}'):
        assert aggregator.intake("POST", f"{ROOT}/ack", bad).json["code"] == 6
    assert aggregator.intake("POST", f"{ROOT}/ack", body, scope=None).status == 401


def test_an_event_that_can_t_be_taken_is_named_and_the_others_are_stored(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", ROOT, event(mark) + b'{"event":""}' + event(mark))
    assert answer.status == 400
    detail = "event is blank; events refused: 1, stored: 2"
    expected = {
        "text": "Event field cannot be blank",
        "code": 13,
        "invalid-event-number": 1,
        "detail": detail,
    }
    assert answer.json == expected
    aggregator.wait_for(mark, 2)
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["sources"]["splunk"]["refused_lines"]["event_missing"] == 1


@pytest.mark.parametrize(
    ("body", "status", "code"), [(b"", 400, 5), (b"hello", 400, 6), (b'{"event":"x"', 400, 6)]
)
def test_what_holds_no_event_is_refused_with_splunks_codes(
    aggregator: Aggregator, body: bytes, status: int, code: int
) -> None:
    answer = aggregator.intake("POST", ROOT, body)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_body_that_is_not_as_compressed_as_it_says_is_refused(aggregator: Aggregator) -> None:
    answer = aggregator.intake("POST", ROOT, b"x", Content_Encoding="gzip")
    assert (answer.status, answer.json["code"]) == (400, 6)


def test_tokens_are_splunks(aggregator: Aggregator) -> None:
    token = f"Splunk {aggregator.token('ingest')}"
    assert aggregator.intake("POST", ROOT, event("x"), scope=None, Authorization=token).status == 200
    answer = aggregator.intake("POST", ROOT, event("x"), scope=None)
    assert (answer.status, answer.json["code"]) == (401, 2)
    answer = aggregator.intake("POST", ROOT, event("x"), scope=None, Authorization="Splunk wrong")
    assert (answer.status, answer.json["code"]) == (403, 4)
    assert aggregator.intake("POST", ROOT, event("x"), scope="read").json["code"] == 4
