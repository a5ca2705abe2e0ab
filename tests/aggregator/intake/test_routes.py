"""`POST /api/v1/logs` of a running aggregator."""

import gzip
import http.client
import json
import os
import re
import socket
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from aggregator import limits
from tests.aggregator.running_aggregator import Aggregator, Answer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1024 * 1024


def post(aggregator: Aggregator, body: bytes, **headers: str) -> Answer:
    return aggregator.request("POST", "/api/v1/logs", body, **headers)


def two_members(body: bytes) -> bytes:
    half = len(body) // 2
    return gzip.compress(body[:half]) + gzip.compress(body[half:])


def two_frames(body: bytes) -> bytes:
    half = len(body) // 2
    return zstd.compress(body[:half]) + zstd.compress(body[half:])


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("gzip", two_members),
        ("deflate", zlib.compress),
        ("zstd", zstd.compress),
        ("zstd", two_frames),
    ],
)
def test_lines_are_stored_however_they_are_compressed(
    aggregator: Aggregator, encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    mark = os.urandom(8).hex()
    body = b"".join(b'{"message":"%s %d"}\n' % (mark.encode(), number) for number in range(1000))
    answer = post(aggregator, compress(body), Content_Encoding=encoding)
    assert (answer.status, answer.json) == (200, {"accepted": 1000, "errors": []})
    rows = aggregator.wait_for(mark, 1000)
    assert [row["message"] for row in rows] == [f"{mark} {number}" for number in range(1000)]


def test_the_sources_name_is_kept(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    body = json.dumps({"message": mark}).encode()
    assert post(aggregator, body).status == 200
    assert post(aggregator, body, X_Source="library").status == 200
    assert {row["source"] for row in aggregator.wait_for(mark, 2)} == {"http", "library"}


@pytest.mark.parametrize("source", ["", "UPPER", "a b", "x" * 33, "é"])
def test_a_strange_source_is_refused(aggregator: Aggregator, source: str) -> None:
    answer = post(aggregator, b"{}", X_Source=source)
    assert answer.status == 400
    assert (answer.error["code"], answer.error["field"]) == ("invalid_field", "X-Source")


def test_bad_lines_are_named_and_the_first_hundred_listed(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    body = json.dumps({"message": mark}).encode() + b"\n" + f"{mark} text\n".encode() * 150
    answer = post(aggregator, body).json
    assert answer["accepted"] == 151
    assert [error["line"] for error in answer["errors"]] == list(range(2, 102))
    assert all("kept as text" in error["message"] for error in answer["errors"])
    assert answer["errors_total"] == 150
    aggregator.wait_for(mark, 151)


def test_an_array_is_taken_as_well(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    body = json.dumps([{"message": f"{mark} {number}"} for number in range(3)], indent=2).encode()
    answer = post(aggregator, body)
    assert (answer.status, answer.json) == (200, {"accepted": 3, "errors": []})
    rows = aggregator.wait_for(mark, 3)
    assert [row["message"] for row in rows] == [f"{mark} {number}" for number in range(3)]


@pytest.mark.parametrize("body", [b"", b"\n\n", b"[]"])
def test_an_empty_body_is_nothing(aggregator: Aggregator, body: bytes) -> None:
    answer = post(aggregator, body)
    assert (answer.status, answer.json) == (200, {"accepted": 0, "errors": []})


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, gzip", "nonsense"])
def test_an_unknown_encoding_is_refused(aggregator: Aggregator, encoding: str) -> None:
    answer = post(aggregator, b"{}", Content_Encoding=encoding)
    assert (answer.status, answer.error["code"]) == (415, "unsupported_encoding")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"hello"),
        ("gzip", gzip.compress(b'{"a":1}\n' * 99)[:-9]),
        ("gzip", gzip.compress(b"{}") + b"rubbish"),
        ("deflate", b"\x00\x00"),
        ("deflate", zlib.compress(b'{"a":1}\n' * 99)[:-5]),
        ("zstd", b"hello"),
        ("zstd", zstd.compress(os.urandom(99).hex().encode())[:-9]),
        ("zstd", zstd.compress(b"{}") + b"rubbish"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(
    aggregator: Aggregator, encoding: str, body: bytes
) -> None:
    answer = post(aggregator, body, Content_Encoding=encoding)
    assert (answer.status, answer.error["code"]) == (400, "invalid_encoding")


def gzip_bomb() -> bytes:
    return gzip.compress(bytes(400 * MIB), compresslevel=1)


def nested_members() -> bytes:
    return gzip.compress(bytes(20 * MIB)) * 20


def zstd_bomb() -> bytes:
    return zstd.compress(bytes(400 * MIB))


@pytest.mark.parametrize(
    ("encoding", "bomb"), [("gzip", gzip_bomb), ("gzip", nested_members), ("zstd", zstd_bomb)]
)
def test_a_bomb_is_refused_without_unpacking_it(
    aggregator: Aggregator, encoding: str, bomb: Callable[[], bytes]
) -> None:
    answer = post(aggregator, bomb(), Content_Encoding=encoding)
    assert (answer.status, answer.error["code"]) == (413, "too_large")
    assert answer.error["limit_bytes"] == limits.DECOMPRESSED_BODY_BYTES
    status = Path(f"/proc/{aggregator.process.pid}/status").read_text()
    (peak_kib,) = re.findall(r"VmHWM:\s*(\d+) kB", status)
    assert int(peak_kib) < 400 * 1024


def test_a_body_of_very_many_tiny_members_is_read_in_time(aggregator: Aggregator) -> None:
    members = gzip.compress(b"") * 300_000 + gzip.compress(b'{"message":"tiny"}')
    began_s = time.monotonic()
    answer = post(aggregator, members, Content_Encoding="gzip")
    assert (answer.status, answer.json["accepted"]) == (200, 1)
    assert time.monotonic() - began_s < 8


def chunked(aggregator: Aggregator, chunks: Iterator[bytes], token: str) -> tuple[int, dict[str, object]]:
    """Send a body of unknown length, and read the answer even when the server stops listening."""
    host, port = aggregator.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.putrequest("POST", "/api/v1/logs")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    try:
        for chunk in chunks:
            connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass
    try:
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_a_chunked_body_is_taken(aggregator: Aggregator) -> None:
    status, answer = chunked(aggregator, iter([b'{"message":', b'"chunked up"}']), aggregator.token("ingest"))
    assert (status, answer["accepted"]) == (200, 1)


def test_a_body_over_the_limit_is_refused_by_its_length_before_it_is_read(aggregator: Aggregator) -> None:
    host, port = aggregator.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    connection.putrequest("POST", "/api/v1/logs")
    connection.putheader("Authorization", f"Bearer {aggregator.token('ingest')}")
    connection.putheader("Content-Length", str(limits.BODY_BYTES + 1))
    connection.endheaders()
    response = connection.getresponse()
    error = json.loads(response.read())["error"]
    connection.close()
    assert (response.status, error["code"], error["limit_bytes"]) == (413, "too_large", limits.BODY_BYTES)


def test_a_body_of_unknown_length_is_refused_when_it_passes_the_limit(aggregator: Aggregator) -> None:
    try:
        status, answer = chunked(aggregator, repeat(bytes(MIB), 40), aggregator.token("ingest"))
    except ConnectionError:
        pass  # the server may have closed before the answer could be read
    else:
        assert status == 413
        assert answer["error"] == {
            "code": "too_large",
            "message": f"the body is larger than {limits.BODY_BYTES} bytes",
            "limit_bytes": limits.BODY_BYTES,
        }
    assert aggregator.request("GET", "/health", scope=None).status == 200


def test_lines_are_found_within_a_second_of_their_acknowledgement(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    assert aggregator.send({"message": mark}).status == 200
    aggregator.wait_for(mark, 1)


def test_what_was_taken_and_refused_is_counted(aggregator: Aggregator) -> None:
    source = "counted"
    record = b'{"message":"counted"}\n'
    assert post(aggregator, record * 2, X_Source=source).status == 200
    assert post(aggregator, b"no gzip", X_Source=source, Content_Encoding="gzip").status == 400
    lines = aggregator.scrape()
    prefix = "ha_ingestor_aggregator"
    assert f'{prefix}_lines_total{{source="counted"}} 2.0' in lines
    assert f'{prefix}_refused_requests_total{{reason="invalid_encoding",source="counted"}} 1.0' in lines
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["sources"][source] == {
        "lines": 2,
        "bytes": 2 * len(record),
        "refused_lines": {},
        "refused_requests": {"invalid_encoding": 1},
    }


def test_a_sender_without_a_token_names_no_source(aggregator: Aggregator) -> None:
    answer = aggregator.request("POST", "/api/v1/logs", b"{}", scope=None, X_Source="stranger")
    assert answer.status == 401
    assert "stranger" not in aggregator.request("GET", "/api/v1/stats", scope="read").json["sources"]


def test_lines_of_a_sender_that_does_not_wait_for_the_answer_are_taken(aggregator: Aggregator) -> None:
    """It sends the whole body and hangs up, many times, while the lines of others keep the threads busy."""
    for number in range(20):
        body = b'{"service":"hasty","message":"%d"}\n' % number * 2000
        head = (
            f"POST /api/v1/logs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {aggregator.token('ingest')}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", aggregator.port)) as connection:
            connection.sendall(head.encode() + body)
    counted = 0
    deadline_s = time.monotonic() + 30
    while counted < 40_000:
        assert time.monotonic() < deadline_s, f"{counted} lines"
        answer = aggregator.request("POST", "/api/v1/count", b'{"query": "service:hasty"}', scope="read")
        counted = answer.json["rows"]
        time.sleep(0.05)
