"""Clients that go away before their answer."""

import json
import socket
import time

from aggregator import limits
from tests.aggregator.running_aggregator import Aggregator


def count(aggregator: Aggregator, query: str) -> int:
    body = json.dumps({"query": query}).encode()
    answer = aggregator.request("POST", "/api/v1/count", body, scope="read")
    assert answer.status == 200
    rows: int = answer.json["rows"]
    return rows


def test_reads_of_clients_that_go_away_leave_room_for_others(aggregator: Aggregator) -> None:
    """More slow searches than run at once, each given up; the next one is answered soon."""
    text = "abcd " * 200
    for number in range(4):
        lines = b"".join(b'{"service":"slow","message":"%s%d"}\n' % (text.encode(), n) for n in range(10_000))
        assert aggregator.request("POST", "/api/v1/logs", lines).status == 200
        while count(aggregator, "service:slow") < 10_000 * (number + 1):
            time.sleep(0.05)
    slow = " OR ".join(f"/(a|b|c|d| )*x{number}/" for number in range(100))
    body = json.dumps({"query": f"service:slow ({slow})"}).encode()
    head = (
        f"POST /api/v1/count HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {aggregator.token('read')}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    sockets = []
    for _ in range(2 * limits.SEARCHES_AT_ONCE):
        sockets.append(socket.create_connection(("127.0.0.1", aggregator.port)))
        sockets[-1].sendall(head + body)
    time.sleep(0.3)
    started_s = time.monotonic()
    for each in sockets:
        each.close()
    assert count(aggregator, "-service:slow") == 0
    assert time.monotonic() - started_s < 10
