"""The bulk API of a running aggregator."""

import base64
import gzip
import json
import os
from http.client import HTTPConnection

import pytest

from tests.aggregator.running_aggregator import Aggregator


def bulk(mark: str, rows: int = 2) -> bytes:
    action = {"create": {"_index": "logs-app"}}
    return b"".join(
        json.dumps(line).encode() + b"\n"
        for number in range(rows)
        for line in (action, {"@timestamp": "2026-11-29T10:00:00Z", "message": f"{mark} {number}"})
    )


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "path",
    [
        "/_bulk",
        "/_bulk/",
        "//_bulk",
        "/path-index/_bulk",
        "/path-index/_doc/_bulk",
        "//path-index//_bulk?refresh=true",
    ],
)
def test_documents_are_stored_at_each_path(aggregator: Aggregator, method: str, path: str) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake(method, path, bulk(mark))
    assert (answer.status, answer.json["errors"]) == (200, False)
    assert [item["create"]["status"] for item in answer.json["items"]] == [201, 201]
    assert answer.json["took"] >= 0
    rows = aggregator.wait_for(mark, 2)
    assert {row["_index"] for row in rows} == {"logs-app"}
    assert {row["source"] for row in rows} == {"elasticsearch"}
    assert {row["timestamp"] for row in rows} == {"2026-11-29T10:00:00Z"}


def test_the_index_of_the_path_is_for_items_without_one(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    body = b'{"index":{}}\n{"message":"%s"}\n{"index":{"_index":"own"}}\n{"message":"%s"}\n' % (
        (mark.encode(),) * 2
    )
    answer = aggregator.intake("POST", "/%C3%A4/_bulk", body)
    assert [item["index"]["_index"] for item in answer.json["items"]] == ["ä", "own"]
    assert [row["_index"] for row in aggregator.wait_for(mark, 2)] == ["ä", "own"]


def test_objects_of_the_common_schema_are_our_fields(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    document = {
        "@timestamp": "2026-11-29T10:00:00.123456789Z",
        "message": mark,
        "log": {"level": "warn", "logger": "db", "file": {"path": "/var/log/x"}},
        "service": {"name": "billing", "version": "1.2"},
        "host": {"name": "pi", "os": {"name": "linux"}},
        "error": {"type": "TimeoutError", "message": "too slow", "stack_trace": "at db"},
        "trace": {"id": "0AF7651916CD43DD8448EB211C80319C"},
        "event": {"dataset": "billing.log"},
    }
    body = b'{"create":{"_index":"i"}}\n' + json.dumps(document).encode() + b"\n"
    assert not aggregator.intake("POST", "/_bulk", body).json["errors"]
    (row,) = aggregator.wait_for(f"{mark} service.version:1.2 host.os.name:linux log.file.path:*", 1)
    expected = {
        "timestamp": "2026-11-29T10:00:00.123456789Z",
        "level": "WARNING",
        "logger": "db",
        "service": "billing",
        "host": "pi",
        "exception_type": "TimeoutError",
        "exception_message": "too slow",
        "exception": "at db",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "log.file": {"path": "/var/log/x"},
        "service.version": "1.2",
        "host.os": {"name": "linux"},
        "event.dataset": "billing.log",
        "message": mark,
    }
    assert expected.items() <= row.items()


@pytest.mark.parametrize(
    "document",
    [
        {"container": {"name": "nginx", "id": "5f"}},
        {"kubernetes": {"container": {"name": "nginx"}, "pod": {"name": "nginx-1"}}},
    ],
)
def test_a_container_is_the_service_of_its_lines(aggregator: Aggregator, document: dict[str, object]) -> None:
    mark = os.urandom(8).hex()
    body = b'{"create":{}}\n' + json.dumps({"message": mark, **document}).encode() + b"\n"
    assert not aggregator.intake("POST", "/filebeat/_bulk", body).json["errors"]
    (row,) = aggregator.wait_for(mark, 1)
    assert row["service"] == "nginx"


def test_elasticsearchs_own_time_wins_over_what_a_parser_left_in_the_document(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    document = {
        "@timestamp": "2026-11-29T10:00:00.5Z",
        "timestamp": "29/Nov/2026:11:00:00 +0100",
        "time": 1,
        "message": mark,
    }
    body = b'{"create":{}}\n' + json.dumps(document).encode() + b"\n"
    assert not aggregator.intake("POST", "/access/_bulk", body).json["errors"]
    (row,) = aggregator.wait_for(mark, 1)
    assert row["timestamp"] == "2026-11-29T10:00:00.500Z"
    assert (row["sent_timestamp"], row["time"]) == ("29/Nov/2026:11:00:00 +0100", 1)
    assert "timestamp_invalid" not in row


def test_a_batch_that_comes_again_with_its_ids_is_stored_once(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    body = b'{"create":{"_index":"i","_id":"%s"}}\n{"message":"%s"}\n' % ((mark.encode(),) * 2)
    for _ in range(3):
        assert aggregator.intake("POST", "/_bulk", body).json["items"][0]["create"]["status"] == 201
    aggregator.intake("POST", "/_bulk", body.replace(b'"i"', b'"j"'))
    assert [row["uid"] for row in aggregator.wait_for(mark, 2)] == [f"i/{mark}", f"j/{mark}"]


def test_bad_documents_are_told_and_counted(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", "/_bulk", bulk(mark) + b'{"create":{}}\n{\n')
    assert (answer.status, answer.json["errors"]) == (200, True)
    assert [item["create"]["status"] for item in answer.json["items"]] == [201, 201, 400]
    aggregator.wait_for(mark, 2)
    stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
    assert stats["sources"]["elasticsearch"]["refused_lines"]["syntax"] >= 1


def test_a_compressed_body_is_taken(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", "/_bulk", gzip.compress(bulk(mark)), Content_Encoding="gzip")
    assert not answer.json["errors"]
    aggregator.wait_for(mark, 2)


@pytest.mark.parametrize(
    ("path", "uid"), [("/logs/_doc", None), ("/logs/_doc/a%2Fb", "logs/a/b"), ("//logs/_create/7/", "logs/7")]
)
def test_a_single_document_is_taken_too(aggregator: Aggregator, path: str, uid: str | None) -> None:
    mark = os.urandom(8).hex()
    body = json.dumps({"message": mark, "log": {"level": "warn"}}, indent=1).encode()
    answer = aggregator.intake("PUT", path, body)
    assert (answer.status, answer.json["result"], answer.json["_index"]) == (201, "created", "logs")
    (row,) = aggregator.wait_for(mark, 1)
    assert (row["level"], row["_index"], row.get("uid")) == ("WARNING", "logs", uid)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{} {}", b'{"create":{}}\n{}'])
def test_a_single_document_that_is_none_is_refused(aggregator: Aggregator, body: bytes) -> None:
    answer = aggregator.intake("POST", "/logs/_doc", body)
    assert (answer.status, answer.json["status"]) == (400, 400)
    assert answer.json["error"]["type"] == "document_parsing_exception"


@pytest.mark.parametrize(("body", "status"), [(b"{}\n{}\n", 400), (b"\n" * 2_000_001, 413)])
def test_a_refusal_is_worded_as_elasticsearchs(aggregator: Aggregator, body: bytes, status: int) -> None:
    answer = aggregator.intake("POST", "/_bulk", body)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.json["error"]["root_cause"][0]["reason"] == answer.json["error"]["reason"]


def test_a_wrong_token_is_refused_at_each_route(aggregator: Aggregator) -> None:
    wrong = base64.b64encode(b"elastic:changeme").decode()
    for method, path in (("POST", "/_bulk"), ("GET", "/"), ("GET", "/_license"), ("PUT", "/_template/x")):
        answer = aggregator.intake(method, path, scope=None, Authorization=f"Basic {wrong}")
        assert (answer.status, answer.json["error"]["type"]) == (401, "security_exception")
        assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("version", ["8", "9"])
def test_the_type_that_names_a_version_comes_back(aggregator: Aggregator, version: str) -> None:
    wanted = f"application/vnd.elasticsearch+json; compatible-with={version}"
    for answer in (
        aggregator.intake("GET", "/", Accept=wanted),
        aggregator.intake("POST", "/_bulk", bulk("x"), Content_Type=wanted.replace("+json", "+x-ndjson")),
    ):
        assert answer.headers["Content-Type"] == wanted.replace("; ", ";")
        assert answer.headers["X-Elastic-Product"] == "Elasticsearch"


@pytest.mark.parametrize("slashes", ["", "/"])
@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("HEAD", "/", None),
        ("GET", "/", {"tagline": "You Know, for Search"}),
        ("GET", "/_license?human=false", None),
        ("GET", "/_xpack", None),
        ("GET", "/_cluster/health", {"status": "green", "timed_out": False}),
        ("GET", "/_nodes/http", {"cluster_name": "ha-ingestor"}),
        ("GET", "/_ilm/policy/filebeat", None),
        ("PUT", "/_ilm/policy/filebeat", {"acknowledged": True}),
        ("HEAD", "/_index_template/filebeat-8.19.0", None),
        ("PUT", "/_index_template/filebeat-8.19.0", {"acknowledged": True}),
        ("HEAD", "/_template/logstash", None),
        ("PUT", "/_template/logstash", {"acknowledged": True}),
        ("PUT", "/_component_template/x", {"acknowledged": True}),
        ("GET", "/_ingest/pipeline/x", {"x": {"processors": []}}),
        ("PUT", "/_ingest/pipeline/x", {"acknowledged": True}),
        ("GET", "/_data_stream/filebeat-8.19.0", None),
        ("GET", "/_security/_authenticate", {"enabled": True}),
        ("POST", "/_refresh", None),
        ("GET", "/logs-app/_refresh", None),
        ("HEAD", "/logs-app", None),
        ("PUT", "/logs-app", {"acknowledged": True, "index": "logs-app"}),
    ],
)
def test_what_clients_ask_before_they_send_is_answered(
    aggregator: Aggregator, method: str, path: str, expected: dict[str, object] | None, slashes: str
) -> None:
    answer = aggregator.intake(method, slashes + path)
    assert answer.status == 200
    assert answer.headers["X-Elastic-Product"] == "Elasticsearch"
    if method == "HEAD":
        assert answer.body == b""
    elif expected:
        assert expected.items() <= answer.json.items()


def test_the_node_that_a_sniffing_client_finds_is_the_one_that_it_asked(aggregator: Aggregator) -> None:
    connection = HTTPConnection("127.0.0.1", aggregator.intake_port, timeout=10)
    headers = {"Host": "logs.example:9200", "X-API-Key": aggregator.token("ingest")}
    connection.request("GET", "/_nodes/http", headers=headers)
    (node,) = json.loads(connection.getresponse().read())["nodes"].values()
    connection.close()
    assert node["http"]["publish_address"] == "logs.example:9200"
