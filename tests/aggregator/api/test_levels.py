"""Levels that are wanted of services, over HTTP."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.aggregator.running_aggregator import Aggregator, Answer

PATH = "/api/v1/services/{}/levels"


def change(
    aggregator: Aggregator, service: str, method: str = "PUT", for_s: int | None = None, **levels: str | None
) -> Answer:
    body = json.dumps({"levels": levels, "for_s": for_s}).encode()
    return aggregator.request(method, PATH.format(service), body, scope="admin")


def read(aggregator: Aggregator, service: str, scope: str = "ingest") -> Answer:
    return aggregator.request("GET", PATH.format(service), scope=scope)


def test_levels_are_set_read_amended_and_withdrawn(aggregator: Aggregator) -> None:
    answer = change(aggregator, "one", a="DEBUG", b="warn")
    assert answer.status == 200
    assert answer.json["levels"] == {
        "a": {"level": "DEBUG", "until": None, "for_s": None},
        "b": {"level": "WARNING", "until": None, "for_s": None},
    }
    assert read(aggregator, "one").json == read(aggregator, "one", "read").json == answer.json
    assert list(change(aggregator, "one", "PATCH", b=None, c="ERROR").json["levels"]) == ["a", "c"]
    listed = aggregator.request("GET", "/api/v1/levels", scope="read").json["services"]
    assert listed == [read(aggregator, "one").json]
    assert aggregator.request("DELETE", PATH.format("one"), scope="admin").status == 204
    assert read(aggregator, "one").json == {"service": "one", "version": "none", "levels": {}}


def test_a_level_says_when_it_ends(aggregator: Aggregator) -> None:
    level = change(aggregator, "ending", for_s=1800, a="DEBUG").json["levels"]["a"]
    assert 1790 < level["for_s"] <= 1800
    until = datetime.fromisoformat(level["until"])
    assert timedelta(seconds=1790) < until - datetime.now(UTC) <= timedelta(seconds=1800)
    aggregator.request("DELETE", PATH.format("ending"), scope="admin")


@pytest.mark.parametrize(
    ("service", "body", "field"),
    [
        ("x", {}, "levels"),
        ("x", {"levels": {"a": "LOUD"}}, "levels.a"),
        ("x", {"levels": {"a": "INFO"}, "for_s": -1}, "for_s"),
        ("x" * 257, {"levels": {"a": "INFO"}}, "service"),
    ],
)
def test_a_wrong_request_is_refused_by_its_field(
    aggregator: Aggregator, service: str, body: object, field: str
) -> None:
    for method in ("PUT", "PATCH"):
        answer = aggregator.request(method, PATH.format(service), json.dumps(body).encode(), scope="admin")
        assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "invalid_field", field)


def test_only_an_admin_changes_and_any_token_reads(aggregator: Aggregator) -> None:
    for scope in ("ingest", "read"):
        assert read(aggregator, "x", scope).status == 200
        for method in ("PUT", "PATCH", "DELETE"):
            answer = aggregator.request(method, PATH.format("x"), b"{}", scope=scope)
            assert (answer.status, answer.error["scope"]) == (403, "admin")
    assert read(aggregator, "x", "admin").status == 200


@pytest.mark.parametrize("service", ["plain", "with%20space%2Fand%20%C3%A4", "a%25b"])
def test_a_sender_that_names_its_service_is_told_the_version(aggregator: Aggregator, service: str) -> None:
    def told(**headers: str) -> str | None:
        return aggregator.request("POST", "/api/v1/logs", b'{"message":"m"}', **headers).headers.get(
            "X-Levels-Version"
        )

    assert told() is None
    assert told(X_Service=service) == "none"
    version = change(aggregator, service, a="DEBUG").json["version"]
    assert told(X_Service=service) == version == read(aggregator, service).json["version"]
    assert told(X_Service="another") == told(X_Service="%") == "none"
    aggregator.request("DELETE", PATH.format(service), scope="admin")
    assert told(X_Service=service) == "none"
