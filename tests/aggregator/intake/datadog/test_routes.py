"""Datadog's intake of a running aggregator."""

import gzip
import json
import os
import zlib
from collections.abc import Callable

import pytest

from tests.aggregator.running_aggregator import Aggregator

PATHS = {"/api/v2/logs": 202, "/v1/input": 200}
COMPRESS: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.compress, "deflate": zlib.compress}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", COMPRESS)
def test_logs_are_stored(aggregator: Aggregator, path: str, encoding: str) -> None:
    mark = os.urandom(8).hex()
    log = {
        "message": mark,
        "status": "error",
        "hostname": "pi",
        "service": "shop",
        "timestamp": 1764410400123,
    }
    answer = aggregator.intake(
        "POST",
        f"{path}?ddtags=env%3Aprod",
        COMPRESS[encoding](json.dumps([log]).encode()),
        scope=None,
        Content_Encoding=encoding,
        Content_Type="application/json",
        DD_API_KEY=aggregator.token("ingest"),
    )
    assert (answer.status, answer.json) == (PATHS[path], {})
    (row,) = aggregator.wait_for(mark, 1)
    expected = {
        "timestamp": "2025-11-29T10:00:00.123Z",
        "level": "ERROR",
        "host": "pi",
        "service": "shop",
        "env": "prod",
        "source": "datadog",
    }
    assert expected.items() <= row.items()


def test_text_is_stored(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", "/api/v2/logs?service=shop", mark.encode(), Content_Type="text/plain")
    assert answer.status == 202
    (row,) = aggregator.wait_for(mark, 1)
    assert (row["message"], row["service"]) == (mark, "shop")


def test_a_log_that_can_t_be_taken_is_named(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", "/api/v2/logs", json.dumps([5, {"message": mark}]).encode())
    assert answer.status == 400
    head, first = answer.json["errors"]
    assert head == {"status": "400", "title": "Bad Request", "detail": "logs refused: 1, stored: 1"}
    assert first["detail"].startswith("log 1: not a JSON object")
    aggregator.wait_for(mark, 1)
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["sources"]["datadog"]["refused_lines"] == {"invalid_json": 1}


def test_what_can_t_be_read_is_refused(aggregator: Aggregator) -> None:
    answer = aggregator.intake("POST", "/api/v2/logs", b"hello")
    assert answer.status == 400
    assert "nothing was taken" in answer.json["errors"][0]["detail"]
    assert aggregator.intake("POST", "/api/v2/logs", b"[]", scope=None).status == 401


def test_keys_are_validated(aggregator: Aggregator) -> None:
    key = aggregator.token("ingest")
    answer = aggregator.intake("GET", "/api/v1/validate", scope=None, DD_API_KEY=key)
    assert (answer.status, answer.json) == (200, {"valid": True})
    answer = aggregator.intake("GET", "/api/v1/validate", scope=None, DD_API_KEY="wrong")
    assert (answer.status, answer.json) == (403, {"errors": ["Forbidden"]})
