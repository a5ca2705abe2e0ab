"""Elasticsearch's own Python client, unchanged."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import AuthenticationException, Elasticsearch
from elasticsearch.helpers import bulk, parallel_bulk, streaming_bulk

from tests.aggregator.running_aggregator import Aggregator


@pytest.fixture(params=["API key", "API key with an ID", "Basic", "Bearer"])
def client(request: pytest.FixtureRequest, aggregator: Aggregator) -> Iterator[Elasticsearch]:
    token = aggregator.token("ingest")
    ways: dict[str, dict[str, Any]] = {
        "API key": {"api_key": token},
        "API key with an ID": {"api_key": ("shipper", token)},
        "Basic": {"basic_auth": ("elastic", token)},
        "Bearer": {"bearer_auth": token},
    }
    with Elasticsearch(aggregator.intake_url, http_compress=True, **ways[request.param]) as started:
        yield started


def documents(mark: str, rows: int) -> list[dict[str, Any]]:
    return [
        {
            "_index": "logs-shop",
            "@timestamp": f"2026-11-29T10:00:{number:02}.123456789Z",
            "message": f"{mark} {number}",
            "log": {"level": "error" if number % 2 else "info", "logger": "shop.cart"},
            "service": {"name": "shop"},
            "amount": 1.5,
        }
        for number in range(rows)
    ]


def check(aggregator: Aggregator, mark: str, rows: int) -> None:
    found = aggregator.wait_for(mark, rows)
    for number, row in enumerate(found):
        expected = {
            "timestamp": f"2026-11-29T10:00:{number:02}.123456789Z",
            "message": f"{mark} {number}",
            "level": "ERROR" if number % 2 else "INFO",
            "logger": "shop.cart",
            "service": "shop",
            "source": "elasticsearch",
            "_index": "logs-shop",
            "amount": 1.5,
        }
        assert expected.items() <= row.items()


def test_it_knows_us(client: Elasticsearch) -> None:
    assert client.info()["version"]["number"].startswith("8.")
    assert client.ping()
    assert client.cluster.health()["status"] == "green"
    assert client.license.get()["license"]["status"] == "active"
    assert client.indices.exists_index_template(name="logs")
    assert client.indices.put_index_template(name="logs", index_patterns=["logs-*"])["acknowledged"]
    assert client.ingest.put_pipeline(id="p", processors=[])["acknowledged"]
    assert client.ilm.get_lifecycle(name="logs")["logs"]


def test_each_helper_stores_every_line_once(client: Elasticsearch, aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    assert bulk(client, documents(mark, 20)) == (20, [])
    check(aggregator, mark, 20)

    mark = os.urandom(8).hex()
    results = list(streaming_bulk(client, documents(mark, 20), chunk_size=7))
    assert len({item["index"]["_id"] for _, item in results}) == 20
    check(aggregator, mark, 20)

    mark = os.urandom(8).hex()
    assert all(ok for ok, _ in parallel_bulk(client, documents(mark, 20), chunk_size=7))
    check(aggregator, mark, 20)


def test_single_documents_are_stored(client: Elasticsearch, aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    for document in documents(mark, 2):
        answer = client.index(index=document.pop("_index"), document=document)
        assert answer["result"] == "created"
    check(aggregator, mark, 2)


def test_documents_with_ids_that_come_again_are_stored_once(
    client: Elasticsearch, aggregator: Aggregator
) -> None:
    mark = os.urandom(8).hex()
    sent = [{**document, "_id": f"{mark}-{number}"} for number, document in enumerate(documents(mark, 20))]
    for _ in range(2):
        assert bulk(client, sent) == (20, [])
    bulk(client, documents(mark + "x", 1))
    aggregator.wait_for(mark + "x", 1)
    check(aggregator, mark, 20)


def test_each_item_that_is_refused_is_told(client: Elasticsearch, aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    good = documents(mark, 2)
    actions = [*good, {"_op_type": "delete", "_index": "logs-shop", "_id": "1"}]
    stored, errors = bulk(client, actions, raise_on_error=False)
    assert stored == 2
    assert isinstance(errors, list)
    assert [item["delete"]["status"] for item in errors] == [400]
    check(aggregator, mark, 2)


def test_a_wrong_password_is_told(aggregator: Aggregator) -> None:
    with (
        Elasticsearch(aggregator.intake_url, basic_auth=("elastic", "changeme")) as client,
        pytest.raises(AuthenticationException),
    ):
        client.info()
