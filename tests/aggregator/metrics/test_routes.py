"""The routes of a running aggregator, by the protocols' own clients."""

import gzip
import json
import time
from collections.abc import Callable

import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from prometheus_client import CollectorRegistry, Counter, Gauge, push_to_gateway, pushadd_to_gateway
from prometheus_client.exposition import default_handler
from prometheus_client.parser import text_string_to_metric_families

from aggregator import limits
from tests.aggregator.running_aggregator import Aggregator

PushHandler = Callable[[str, str, float | None, list[tuple[str, str]], bytes], Callable[[], None]]


@pytest.fixture
def push_handler(aggregator: Aggregator) -> PushHandler:
    """Return what sends a push of prometheus_client with the token."""

    def handler(
        url: str, method: str, timeout: float | None, headers: list[tuple[str, str]], data: bytes
    ) -> Callable[[], None]:
        token = ("Authorization", f"Bearer {aggregator.token('ingest')}")
        return default_handler(url, method, timeout, [*headers, token], data)

    return handler


def gauge(name: str, value: float) -> CollectorRegistry:
    """Return a registry of one gauge."""
    registry = CollectorRegistry()
    Gauge(name, "Text.", registry=registry).set(value)
    return registry


def test_a_push_of_the_python_client_is_published_under_its_service(
    aggregator: Aggregator, push_handler: PushHandler
) -> None:
    push_to_gateway(
        aggregator.url,
        "my service",
        gauge("room_temperature", 21.5),
        grouping_key={"path": "/var/lib"},
        handler=push_handler,
    )

    assert 'room_temperature{job="my service",path="/var/lib"} 21.5' in aggregator.scrape()


def test_a_compressed_push_is_read(aggregator: Aggregator, push_handler: PushHandler) -> None:
    push_to_gateway(aggregator.url, "compressed", gauge("depth", 4), handler=push_handler, compression="gzip")

    assert 'depth{job="compressed"} 4.0' in aggregator.scrape()


def test_put_replaces_the_group_and_post_adds_to_it(
    aggregator: Aggregator, push_handler: PushHandler
) -> None:
    push_to_gateway(aggregator.url, "batch", gauge("first_run", 1), handler=push_handler)
    pushadd_to_gateway(aggregator.url, "batch", gauge("second_run", 2), handler=push_handler)
    added = [line for line in aggregator.scrape() if 'job="batch"' in line]
    push_to_gateway(aggregator.url, "batch", gauge("third_run", 3), handler=push_handler)
    replaced = [line for line in aggregator.scrape() if 'job="batch"' in line]

    assert added == ['first_run{job="batch"} 1.0', 'second_run{job="batch"} 2.0']
    assert replaced == ['third_run{job="batch"} 3.0']


def test_pushed_events_become_a_rate_in_the_statistics(
    aggregator: Aggregator, push_handler: PushHandler
) -> None:
    registry = CollectorRegistry()
    events = Counter("ha_ingestor_events", "Events.", registry=registry)
    aggregator.request("POST", "/api/v1/logs", b'{"service":"event-ingestor","message":"up"}')
    push_to_gateway(aggregator.url, "event-ingestor", registry, handler=push_handler)
    start_s = time.monotonic()
    time.sleep(limits.RATE_SPACING_S + 0.1)
    events.inc(60)
    push_to_gateway(aggregator.url, "event-ingestor", registry, handler=push_handler)
    elapsed_s = time.monotonic() - start_s

    stats = json.loads(aggregator.request("GET", "/api/v1/stats", scope="read").body)
    assert stats["services"]["event-ingestor"]["events_per_s"] == pytest.approx(60 / elapsed_s, rel=0.3)


@pytest.mark.parametrize("enable_gzip", [False, True])
def test_points_of_the_influxdb_client_are_published(aggregator: Aggregator, *, enable_gzip: bool) -> None:
    with (
        InfluxDBClient(
            aggregator.url, aggregator.token("ingest"), org="home", enable_gzip=enable_gzip
        ) as client,
        client.write_api(write_options=SYNCHRONOUS) as write_api,
    ):
        points = [
            {
                "measurement": "power",
                "tags": {"room": f"kitchen {enable_gzip}"},
                "fields": {"watts": watts, "state": "a text"},
                "time": time.time_ns() + n,
            }
            for n, watts in enumerate((120.0, 130.5))
        ]
        write_api.write("energy", record=points)

    assert f'power_watts{{job="energy",room="kitchen {enable_gzip}"}} 130.5' in aggregator.scrape()


def test_the_influxdb_client_is_told_which_line_is_bad(aggregator: Aggregator) -> None:
    with (
        InfluxDBClient(aggregator.url, aggregator.token("ingest"), org="home") as client,
        client.write_api(write_options=SYNCHRONOUS) as write_api,
        pytest.raises(ApiException) as refused,
    ):
        write_api.write("energy", record="good value=1\nbad value=\n", write_precision="s")

    assert refused.value.status == 400
    assert json.loads(refused.value.body)["error"]["line"] == 2
    assert 'good_value{job="energy"} 1.0' in aggregator.scrape()


def test_a_bad_line_of_a_push_is_named_and_the_others_taken(aggregator: Aggregator) -> None:
    answer = aggregator.request("POST", "/metrics/job/partly", b"good 1\nbad\n\xff 3\n")

    assert answer.status == 400
    assert answer.error["code"] == "invalid_body"
    assert answer.error["line"] == 2
    assert answer.error["accepted"] == 1
    assert answer.error["errors_total"] == 2
    assert 'good{job="partly"} 1.0' in aggregator.scrape()


def test_a_push_without_a_good_line_changes_nothing(aggregator: Aggregator) -> None:
    aggregator.request("PUT", "/metrics/job/steady", b"kept 1\n")
    answer = aggregator.request("PUT", "/metrics/job/steady", b"<html>\n")

    assert answer.status == 400
    assert 'kept{job="steady"} 1.0' in aggregator.scrape()


def test_what_is_dropped_is_answered_and_counted_by_reason(aggregator: Aggregator) -> None:
    answer = aggregator.request("PUT", "/metrics/job/greedy", b"ha_ingestor_aggregator_lines_total 1\nok 1\n")
    future = b"m f=1 99999999999\n"
    assert aggregator.request("POST", "/api/v2/write?precision=s", future).status == 204

    assert json.loads(answer.body) == {"accepted": 1, "dropped": {"metric_reserved_name": 1}}
    stats = json.loads(aggregator.request("GET", "/api/v1/stats", scope="read").body)
    assert stats["totals"]["dropped_by_reason"]["metric_reserved_name"] == 1
    assert stats["totals"]["dropped_by_reason"]["metric_future"] == 1


@pytest.mark.parametrize(
    ("method", "path", "allowed", "forbidden"),
    [
        ("PUT", "/metrics/job/a", "ingest", "read"),
        ("POST", "/api/v2/write?precision=s", "ingest", "read"),
        ("GET", "/metrics", "read", "ingest"),
    ],
)
def test_each_route_asks_for_its_scope(
    aggregator: Aggregator, method: str, path: str, allowed: str, forbidden: str
) -> None:
    body = None if method == "GET" else b""

    assert aggregator.request(method, path, body, scope=allowed).status in {200, 204}
    assert aggregator.request(method, path, body, scope="admin").status in {200, 204}
    refused = aggregator.request(method, path, body, scope=forbidden)
    assert (refused.status, refused.error["scope"]) == (403, allowed)
    unknown = aggregator.request(method, path, body, Authorization="Bearer wrong")
    assert (unknown.status, unknown.error["code"]) == (401, "unauthorized")


@pytest.mark.parametrize("compress", [False, True])
def test_a_body_over_the_limit_is_refused_with_the_limit(aggregator: Aggregator, *, compress: bool) -> None:
    body = b"a 1\n" * (limits.PUSH_BYTES // 4 + 1)
    headers = {"Content_Encoding": "gzip"} if compress else {}
    answer = aggregator.request("PUT", "/metrics/job/a", gzip.compress(body) if compress else body, **headers)

    assert answer.status == 413
    assert answer.error["limit_bytes"] == limits.PUSH_BYTES


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v2/write?precision=h", "precision"),
        ("/api/v2/write?bucket=", "bucket"),
        ("/metrics/job", "job"),
        ("/metrics/job/a/instance", "job"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_its_field(
    aggregator: Aggregator, path: str, field: str
) -> None:
    answer = aggregator.request("POST", path, b"a 1\n")

    assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "invalid_field", field)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "/metrics/nothing/a", 404, "not_found"),
        ("DELETE", "/metrics/job/a", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_offered_is_refused(
    aggregator: Aggregator, method: str, path: str, status: int, code: str
) -> None:
    answer = aggregator.request(method, path, b"a 1\n")

    assert (answer.status, answer.error["code"]) == (status, code)


def test_protobuf_is_refused_by_name(aggregator: Aggregator) -> None:
    answer = aggregator.request(
        "PUT", "/metrics/job/a", b"\x08", Content_Type="application/vnd.google.protobuf; encoding=delimited"
    )

    assert (answer.status, answer.error["code"]) == (415, "unsupported_encoding")


def test_the_publication_is_text_that_prometheus_reads(aggregator: Aggregator) -> None:
    families = {
        family.name: family for family in text_string_to_metric_families("\n".join(aggregator.scrape()))
    }

    assert families["ha_ingestor_aggregator_sync_duration_seconds"].type == "histogram"
    (rows,) = families["ha_ingestor_aggregator_store_rows"].samples
    stats = json.loads(aggregator.request("GET", "/api/v1/stats", scope="read").body)
    assert rows.value == stats["store"]["rows"]
