from collections import namedtuple
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions
from influxdb_client.rest import ApiException
from prometheus_client import REGISTRY

from ha_ingestor_logging.influxdb import (
    MeasuredQueryApi,
    MeasuredWriteApi,
    batch_callbacks,
    count_points,
    watch_client,
)
from tests.library.capturing import Capture
from tests.library.recording_aggregator import Answer, RecordingAggregator

ROWS = (
    b"#datatype,string,long,dateTime:RFC3339,double,string\r\n"
    b"#group,false,false,false,false,true\r\n"
    b"#default,_result,,,,\r\n"
    b",result,table,_time,_value,_field\r\n"
    b",,0,2026-11-23T10:00:00Z,1.5,watts\r\n"
    b",,0,2026-11-23T10:01:00Z,2.5,watts\r\n"
    b",,1,2026-11-23T10:02:00Z,3.5,volts\r\n\r\n"
)

Reading = namedtuple("Reading", ["room", "watts"])  # noqa: PYI024 - what influxdb-client takes


@pytest.fixture
def database() -> Iterator[RecordingAggregator]:
    server = RecordingAggregator()
    yield server
    server.close()


@pytest.fixture
def client(database: RecordingAggregator) -> Iterator[InfluxDBClient]:
    with InfluxDBClient(database.url, "secret", org="home", retries=urllib3.Retry(0)) as client:
        yield client


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"ha_ingestor_{name}", labels) or 0.0


def point(watts: float) -> dict[str, Any]:
    return {"measurement": "power", "tags": {"room": "kitchen"}, "fields": {"watts": watts}}


def test_a_write_is_measured(client: InfluxDBClient, database: RecordingAggregator, capture: Capture) -> None:
    names = ("points_written_total", "batch_points_sum", "write_duration_seconds_count")
    before = [sample(name) for name in names]
    rows_before = sample("query_rows_total", database="influxdb", operation="write")
    database.answers.append(Answer(204))
    with MeasuredWriteApi(client.write_api(write_options=SYNCHRONOUS), slow_ms=0) as write_api:
        write_api.write("energy", record=(point(number) for number in range(3)))
    assert database.requests[0].body.count(b"power,room=kitchen") == 3
    assert [sample(name) for name in names] == [before[0] + 3, before[1] + 3, before[2] + 1]
    assert sample("query_rows_total", database="influxdb", operation="write") == rows_before + 3
    assert sample("connected", peer="influxdb") == 1
    (line,) = [record for record in capture() if record["logger"] == "ha_ingestor_logging.influxdb"]
    assert (line["operation"], line["rows"], line["bucket"]) == ("write", 3, "energy")


def test_refused_and_lost_writes_are_counted(client: InfluxDBClient, database: RecordingAggregator) -> None:
    before, written = sample("errors_total", kind="influxdb"), sample("points_written_total")
    write_api = MeasuredWriteApi(client.write_api(write_options=SYNCHRONOUS))
    database.answers.append(Answer(400, b'{"code":"invalid"}'))
    with pytest.raises(ApiException):
        write_api.write("energy", record=point(1))
    assert sample("connected", peer="influxdb") == 1
    database.answers.append(Answer(0))
    with pytest.raises(urllib3.exceptions.HTTPError):
        write_api.write("energy", record=point(1))
    assert sample("connected", peer="influxdb") == 0
    assert sample("errors_total", kind="influxdb") == before + 2
    assert sample("points_written_total") == written


def test_a_query_is_measured_and_not_shown(
    client: InfluxDBClient, database: RecordingAggregator, capture: Capture
) -> None:
    query_api = MeasuredQueryApi(client.query_api(), "history", slow_ms=0)
    database.answers.extend([Answer(200, ROWS, {"Content-Type": "text/csv"})] * 2)
    tables = query_api.query('from(bucket: "energy")')
    streamed = [record.get_value() for record in query_api.query_stream('from(bucket: "energy")')]
    assert [record.get_value() for table in tables for record in table.records] == streamed == [1.5, 2.5, 3.5]
    lines = [record for record in capture() if record.get("database") == "history"]
    assert [(line["rows"], line["outcome"]) for line in lines] == [(3, "success"), (3, "success")]
    assert "energy" not in str(lines)
    assert sample("query_rows_total", database="history", operation="query") == 6


def test_a_stream_that_is_left_early_is_no_failure(
    client: InfluxDBClient, database: RecordingAggregator, capture: Capture
) -> None:
    database.answers.append(Answer(200, ROWS, {"Content-Type": "text/csv"}))
    stream: Any = MeasuredQueryApi(client.query_api(), slow_ms=0).query_stream("…")
    next(stream)
    stream.close()
    (line,) = [record for record in capture() if record.get("database") == "influxdb"]
    assert (line["rows"], line["outcome"]) == (1, "success")


def test_what_is_not_measured_is_the_apis_own(client: InfluxDBClient, database: RecordingAggregator) -> None:
    database.answers.append(Answer(200, ROWS, {"Content-Type": "text/csv"}))
    assert b"watts" in MeasuredQueryApi(client.query_api()).query_raw("…").data


def test_a_batching_api_is_counted_by_callbacks(
    client: InfluxDBClient, database: RecordingAggregator
) -> None:
    before, errors = sample("points_written_total"), sample("errors_total", kind="influxdb")
    database.answers.extend([Answer(204), Answer(400, b"{}")])
    options = WriteOptions(batch_size=4, flush_interval=100, max_retries=0)
    with client.write_api(write_options=options, **batch_callbacks()) as write_api:
        write_api.write("energy", record=[point(number) for number in range(4)])
        database.arrived.acquire()
        assert database.arrived.wait_for(lambda: len(database.requests) == 1, 30)
        database.arrived.release()
        write_api.write("energy", record=[point(number) for number in range(4)])
    assert sample("points_written_total") == before + 4
    assert sample("errors_total", kind="influxdb") == errors + 1


def test_the_clients_connections_are_reported(client: InfluxDBClient, database: RecordingAggregator) -> None:
    watch_client(client, "watched")
    assert sample("pool_connections", peer="watched", state="idle") == 0
    database.answers.append(Answer(200, ROWS, {"Content-Type": "text/csv"}))
    client.query_api().query("…")
    assert sample("pool_connections", peer="watched", state="idle") == 1
    assert sample("pool_connections", peer="watched", state="in_use") == 0


@pytest.mark.parametrize(
    ("record", "points"),
    [
        (None, 0),
        ("a b=1\n\n c d=2 \n", 2),
        (b"a b=1", 1),
        ({"measurement": "a", "fields": {"b": 1, "c": 2}}, 1),
        (Reading("kitchen", 130.5), 1),
        ([Reading("kitchen", 1.0), Reading("hall", 2.0)], 2),
        (["a b=1\na b=2", b"a b=3", point(4), [point(5), point(6)]], 6),
        ((), 0),
    ],
)
def test_points_of_a_record_are_counted(record: object, points: int) -> None:
    assert count_points(record) == points
