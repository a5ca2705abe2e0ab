"""More lines at once than may wait: each protocol's senders are told in its own way to come again."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.aggregator.running_aggregator import Aggregator, Answer
from tests.faults.forked_aggregator import forked

SENDERS = 16
REQUESTS = 64


def ndjson(mark: str) -> bytes:
    return json.dumps({"message": mark}).encode()


def bulk(mark: str) -> bytes:
    return b'{"create":{}}\n' + ndjson(mark) + b"\n"


def push(mark: str) -> bytes:
    return json.dumps({"streams": [{"stream": {}, "values": [["1764410400000000000", mark]]}]}).encode()


def gelf(mark: str) -> bytes:
    return json.dumps({"version": "1.1", "host": "pi", "short_message": mark}).encode()


def otlp(mark: str) -> bytes:
    record = {"severityNumber": 9, "body": {"stringValue": mark}}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


def splunk(mark: str) -> bytes:
    return json.dumps({"event": mark}).encode()


def is_datadogs(answer: Answer) -> bool:
    return bool(answer.json["errors"][0]["status"] == "503")


def is_ours(answer: Answer) -> bool:
    return answer.error["code"] == "overloaded"


def is_elasticsearchs(answer: Answer) -> bool:
    return bool(answer.json["error"]["type"] == "es_rejected_execution_exception")


@dataclass(frozen=True)
class Protocol:
    """How a protocol sends one line, and how it tells that it should come again."""

    source: str
    path: str
    body: Callable[[str], bytes]
    refused: int
    is_worded: Callable[[Answer], bool]
    kind: str = "application/json"


PROTOCOLS = [
    Protocol("http", "/api/v1/logs", ndjson, 503, is_ours),
    Protocol("elasticsearch", "/_bulk", bulk, 429, is_elasticsearchs),
    Protocol("loki", "/loki/api/v1/push", push, 429, lambda answer: b"waiting" in answer.body),
    Protocol("otlp", "/v1/logs", otlp, 503, lambda answer: answer.json["code"] == 14),
    Protocol("splunk", "/services/collector", splunk, 503, lambda answer: answer.json["code"] == 9),
    Protocol("datadog", "/api/v2/logs", ndjson, 503, is_datadogs),
    Protocol("gelf", "/gelf", gelf, 503, is_ours),
]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.source)
def test_what_is_acknowledged_is_stored_and_the_rest_is_to_be_sent_again(
    tmp_path: Path, protocol: Protocol
) -> None:
    with forked(tmp_path / "data", {"aggregator.limits.PENDING_BYTES": 1}) as aggregator:

        def send(number: int) -> tuple[str, Answer]:
            mark = f"line{number}"
            return mark, aggregator.intake(
                "POST", protocol.path, protocol.body(mark), Content_Type=protocol.kind
            )

        with ThreadPoolExecutor(SENDERS) as senders:
            answers = list(senders.map(send, range(REQUESTS)))
        stored = [mark for mark, answer in answers if answer.status < 300]
        later = [answer for _, answer in answers if answer.status >= 300]
        assert stored
        assert later
        for answer in later:
            assert answer.status == protocol.refused
            assert int(answer.headers["Retry-After"]) > 0
            assert protocol.is_worded(answer)
        found = aggregator.wait_for("", len(stored))
        assert sorted(row["message"] for row in found) == sorted(stored)
        assert counted(aggregator, protocol.source) == (len(stored), {"overloaded": len(later)})


def counted(aggregator: Aggregator, source: str) -> tuple[int, dict[str, int]]:
    counts = aggregator.request("GET", "/api/v1/stats", scope="read").json["sources"][source]
    assert counts["refused_lines"] == counts["refused_requests"]
    return counts["lines"], counts["refused_lines"]


def test_bodies_that_stall_hold_up_others_only_until_they_end(tmp_path: Path) -> None:
    with forked(tmp_path / "data", {"aggregator.limits.HELD_BODIES_BYTES": 100_000}) as aggregator:
        body = ndjson("x" * 60_000)
        head = (
            f"POST /_bulk HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {aggregator.token('ingest')}\r\n"
            f"Content-Length: {len(bulk('x' * 60_000))}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", aggregator.intake_port)) as stalled:
            stalled.sendall(head.encode() + bulk("x" * 60_000)[:-10])
            deadline_s = time.monotonic() + 10
            while (answer := aggregator.intake("POST", "/api/v1/logs", body)).status == 200:
                assert time.monotonic() < deadline_s
            assert (answer.status, answer.error["code"]) == (503, "overloaded")
            assert int(answer.headers["Retry-After"]) > 0
            assert aggregator.intake("POST", "/api/v1/logs", ndjson("small")).status == 200
            stalled.sendall(bulk("x" * 60_000)[-10:])
            assert stalled.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert aggregator.intake("POST", "/api/v1/logs", body).status == 200
