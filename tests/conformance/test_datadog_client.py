"""Datadog's client, unchanged."""

import os
from collections.abc import Iterator

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.model.content_encoding import ContentEncoding
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.http_log_item import HTTPLogItem

from tests.aggregator.running_aggregator import Aggregator


@pytest.fixture
def client(aggregator: Aggregator) -> Iterator[ApiClient]:
    configuration = Configuration(
        host=aggregator.intake_url, api_key={"apiKeyAuth": aggregator.token("ingest")}
    )
    configuration.server_index = 1
    configuration.server_variables = {"protocol": "http", "name": f"127.0.0.1:{aggregator.intake_port}"}
    with ApiClient(configuration) as client:
        yield client


@pytest.mark.parametrize("encoding", [ContentEncoding.GZIP, ContentEncoding.DEFLATE, None])
def test_datadog_api_client(
    aggregator: Aggregator, client: ApiClient, encoding: ContentEncoding | None
) -> None:
    mark = os.urandom(8).hex()
    items = [
        HTTPLogItem(
            message=f"{mark} {number}",
            ddsource="python",
            ddtags="env:prod,version:1.2",
            hostname="pi",
            service="shop",
            status="warning",
            number=number,
        )
        for number in range(3)
    ]
    options = {} if encoding is None else {"content_encoding": encoding}
    assert LogsApi(client).submit_log(HTTPLog(items), ddtags="room:attic", **options) == {}

    rows = aggregator.wait_for(mark, 3)
    assert sorted(row["number"] for row in rows) == [0, 1, 2]
    for row in rows:
        expected = {
            "level": "WARNING",
            "host": "pi",
            "service": "shop",
            "env": "prod",
            "version": "1.2",
            "ddsource": "python",
            "message": f"{mark} {row['number']}",
            "source": "datadog",
        }
        assert expected.items() <= row.items()


def test_the_key_is_validated(client: ApiClient) -> None:
    assert AuthenticationApi(client).validate().valid
