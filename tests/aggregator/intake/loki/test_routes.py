"""Loki's push API of a running aggregator."""

import gzip
import json
import os
import zlib
from collections.abc import Callable

import pytest

from aggregator import limits
from tests.aggregator.intake.loki.push_message import entry, snappy, stream
from tests.aggregator.running_aggregator import Aggregator

PATHS = ["/loki/api/v1/push", "/api/prom/push"]
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}
TIME_NS = 1_764_410_400_123_456_789
TIME = "2025-11-29T10:00:00.123456789Z"


def push(mark: str, **labels: str) -> bytes:
    return json.dumps(
        {"streams": [{"stream": labels, "values": [[str(TIME_NS), mark, {"pod": "p-1"}]]}]}
    ).encode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["", "gzip", "deflate"])
def test_json_is_stored(aggregator: Aggregator, path: str, encoding: str) -> None:
    mark = os.urandom(8).hex()
    body = push(mark, job="backup", level="warn", room="attic")
    answer = aggregator.intake("POST", path, COMPRESS[encoding](body), Content_Encoding=encoding)
    assert (answer.status, answer.body) == (204, b"")
    (row,) = aggregator.wait_for(f"{mark} room:attic pod:p-1", 1)
    expected = {"timestamp": TIME, "service": "backup", "level": "WARNING", "source": "loki", "message": mark}
    assert expected.items() <= row.items()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers", [{}, {"Content_Encoding": "snappy"}, {"Content_Type": "application/x-protobuf"}]
)
def test_protobuf_is_stored_whatever_its_headers_say(
    aggregator: Aggregator, path: str, headers: dict[str, str]
) -> None:
    mark = os.urandom(8).hex()
    body = snappy(stream(b'{container="nginx"}', entry(TIME_NS, mark.encode(), {b"pod": b"p-1"})))
    assert aggregator.intake("POST", path, body, **headers).status == 204
    (row,) = aggregator.wait_for(f"{mark} pod:p-1", 1)
    assert (row["timestamp"], row["service"], row["container"]) == (TIME, "nginx", "nginx")


def test_a_timestamp_that_is_a_number_is_refused_with_its_place(aggregator: Aggregator) -> None:
    body = b'{"streams":[{"stream":{},"values":[[1764410400,"x"]]}]}'
    answer = aggregator.intake("POST", PATHS[0], body)
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert b"$.streams[0].values[0][0]" in answer.body


def test_an_entry_that_is_too_long_costs_itself_only(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    values = [["1", "x" * (limits.LINE_BYTES + 1)], [str(TIME_NS), mark]]
    body = json.dumps({"streams": [{"stream": {}, "values": values}]}).encode()
    answer = aggregator.intake("POST", PATHS[0], body)
    assert answer.status == 400
    assert answer.body.startswith(b"entries refused: 1, stored: 1\nentry 1: longer than")
    aggregator.wait_for(mark, 1)
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["sources"]["loki"]["refused_lines"] == {"too_long": 1}


def test_a_wrong_token_is_refused(aggregator: Aggregator) -> None:
    answer = aggregator.intake("POST", PATHS[0], push("x"), scope=None)
    assert (answer.status, answer.body) == (401, answer.body)
    assert "WWW-Authenticate" in answer.headers


def test_clients_that_ask_whether_it_is_ready_are_answered(aggregator: Aggregator) -> None:
    answer = aggregator.intake("GET", "/ready", scope=None)
    assert (answer.status, answer.body) == (200, b"ready\n")
