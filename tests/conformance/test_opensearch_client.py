"""OpenSearch's own Python client, unchanged."""

import os

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthenticationException
from opensearchpy.helpers import bulk, parallel_bulk

from tests.aggregator.running_aggregator import Aggregator


def connect(aggregator: Aggregator, password: str) -> OpenSearch:
    return OpenSearch(aggregator.intake_url, http_auth=("admin", password), http_compress=True)


def test_every_line_is_stored_once(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    sent = [
        {
            "_index": "logs-heating",
            "@timestamp": "2026-11-29T10:00:00.5Z",
            "message": f"{mark} {number}",
            "level": "warn",
            "service.name": "heating",
            "room": "attic",
        }
        for number in range(20)
    ]
    with connect(aggregator, aggregator.token("ingest")) as client:
        assert client.ping()
        assert client.info()["tagline"] == "You Know, for Search"
        assert bulk(client, sent[:10]) == (10, [])
        assert all(ok for ok, _ in parallel_bulk(client, sent[10:], chunk_size=3))
    found = aggregator.wait_for(mark, 20)
    assert {row["message"] for row in found} == {f"{mark} {number}" for number in range(20)}
    expected = {
        "timestamp": "2026-11-29T10:00:00.500Z",
        "level": "WARNING",
        "service": "heating",
        "source": "elasticsearch",
        "_index": "logs-heating",
        "room": "attic",
    }
    assert all(expected.items() <= row.items() for row in found)


def test_a_wrong_password_is_told(aggregator: Aggregator) -> None:
    with connect(aggregator, "admin") as client, pytest.raises(AuthenticationException):
        client.info()
