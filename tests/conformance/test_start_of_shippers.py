"""What shippers ask before their first lines, and those lines, as they send them.

The programs themselves are to be had neither from Debian nor from PyPI or npm, so their requests are
replayed: as beats, logstash-output-elasticsearch, vector and fluent-bit have them in their sources.
"""

import base64
import gzip
import json
import os
from collections.abc import Mapping

import pytest

from tests.aggregator.running_aggregator import Aggregator, Answer

EVENT = {
    "@timestamp": "2026-11-29T10:00:00.123Z",
    "message": "MARK",
    "log": {"level": "error", "file": {"path": "/var/log/app.log"}, "offset": 5},
    "host": {"name": "pi"},
    "service": {"name": "shop"},
}


class Shipper:
    """Sends requests as one shipper does.

    Args:
        aggregator: where to.
        headers: that it sends with each.
    """

    def __init__(self, aggregator: Aggregator, **headers: str) -> None:
        self._aggregator = aggregator
        self._headers = headers
        self.mark = os.urandom(8).hex()

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        answer = self._aggregator.intake(method, path, body, scope=None, **(self._headers | headers))
        assert answer.status == 200, (method, path, answer)
        return answer

    def bulk(self, *actions: Mapping[str, object]) -> bytes:
        event = json.dumps(EVENT).replace("MARK", self.mark)
        return "".join(f"{json.dumps(action)}\n{event}\n" for action in actions).encode()

    def check(self, rows: int = 1) -> None:
        for row in self._aggregator.wait_for(self.mark, rows):
            expected = {
                "timestamp": "2026-11-29T10:00:00.123Z",
                "level": "ERROR",
                "host": "pi",
                "service": "shop",
                "message": self.mark,
                "log.file": {"path": "/var/log/app.log"},
                "log.offset": 5,
                "source": "elasticsearch",
            }
            assert expected.items() <= row.items()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize("version", ["8.19.0", "9.2.0"])
def test_filebeat(aggregator: Aggregator, version: str) -> None:
    api_key = base64.b64encode(f"filebeat:{aggregator.token('ingest')}".encode()).decode()
    filebeat = Shipper(
        aggregator, Authorization=f"ApiKey {api_key}", User_Agent=f"Elastic-filebeat/{version}"
    )

    about = filebeat.ask("GET", "/").json["version"]
    assert about["number"].startswith("8.")
    assert about["build_flavor"] == "default"
    license_ = filebeat.ask("GET", "/_license?human=false").json["license"]
    assert (license_["status"], license_["type"]) == ("active", "basic")
    policy = filebeat.ask("GET", "/_ilm/policy/filebeat").json
    assert "filebeat" in policy
    filebeat.ask("HEAD", f"/_index_template/filebeat-{version}")
    filebeat.ask("PUT", f"/_index_template/filebeat-{version}", b"{}", Content_Type="application/json")
    filebeat.ask("GET", f"/_data_stream/filebeat-{version}")
    filebeat.ask("GET", "/_ingest/pipeline/filebeat")
    filebeat.ask("GET", "/_nodes/ingest")
    action = {"create": {"_index": f"filebeat-{version}"}}
    answer = filebeat.ask(
        "POST",
        "/_bulk?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status",
        gzip.compress(filebeat.bulk(action, action)),
        Content_Encoding="gzip",
        Content_Type=f"application/vnd.elasticsearch+json; compatible-with={version[0]}",
    )
    assert answer.json["items"] == [{"create": {"status": 201}}] * 2
    assert not answer.json["errors"]
    filebeat.check(2)


def test_logstash(aggregator: Aggregator) -> None:
    logstash = Shipper(
        aggregator,
        Authorization=basic("logstash", aggregator.token("ingest")),
        Content_Type="application/json",
    )
    logstash.ask("HEAD", "/")
    about = logstash.ask("GET", "/")
    assert int(about.json["version"]["number"].partition(".")[0]) >= 7
    assert about.headers["X-Elastic-Product"] == "Elasticsearch"
    assert logstash.ask("GET", "/_license").json["license"]["status"] == "active"
    assert logstash.ask("GET", "/_xpack").json["license"]["status"] == "active"
    (node,) = logstash.ask("GET", "/_nodes/http").json["nodes"].values()
    assert node["http"]["publish_address"] == f"127.0.0.1:{aggregator.intake_port}"
    assert int(node["version"].partition(".")[0]) >= 7
    logstash.ask("HEAD", "/_index_template/ecs-logstash")
    logstash.ask("GET", "/_ilm/policy/logstash-policy")
    answer = logstash.ask(
        "POST",
        "/_bulk?filter_path=errors,items.*.error,items.*.status",
        logstash.bulk({"create": {"_id": None, "_index": "ecs-logstash", "routing": None}}),
    )
    assert answer.json["items"] == [{"create": {"status": 201}}]
    logstash.check()


@pytest.mark.parametrize("api_version", ["auto", "v8"])
def test_vector(aggregator: Aggregator, api_version: str) -> None:
    vector = Shipper(aggregator, Authorization=basic("vector", aggregator.token("ingest")))
    assert vector.ask("GET", "/_cluster/health").json["status"] == "green"
    if api_version == "auto":
        assert vector.ask("GET", "/").json["version"]["number"].startswith("8.")
    body = vector.bulk({"create": {"_index": "vector-2026.11.29"}})
    answer = vector.ask("POST", "/_bulk?timeout=60s", body, Content_Type="application/x-ndjson")
    assert answer.json["errors"] is False
    vector.check()


def test_fluent_bit(aggregator: Aggregator) -> None:
    fluent_bit = Shipper(aggregator, Authorization=basic("fluent", aggregator.token("ingest")))
    body = fluent_bit.bulk({"create": {"_index": "fluent-bit", "_type": "_doc"}})
    answer = fluent_bit.ask(
        "POST", "/_bulk", body, Content_Type="application/x-ndjson", User_Agent="Fluent-Bit"
    )
    assert answer.json["errors"] is False
    assert answer.json["items"][0]["create"]["status"] == 201
    fluent_bit.check()
