"""The intake port."""

import os

import pytest

from tests.aggregator.running_aggregator import Aggregator


def test_lines_sent_to_the_intake_port_are_found_at_the_other(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    answer = aggregator.intake("POST", "/api/v1/logs", b'{"message":"%s"}' % mark.encode())
    assert (answer.status, answer.json) == (200, {"accepted": 1, "errors": []})
    aggregator.wait_for(mark, 1)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/stats"),
        ("POST", "/api/v1/search"),
        ("GET", "/api/v1/settings"),
        ("GET", "/api/v1/levels"),
        ("PUT", "/api/v1/services/x/levels"),
        ("GET", "/api/v1/live"),
        ("GET", "/metrics"),
    ],
)
def test_nothing_can_be_read_there_with_any_token(aggregator: Aggregator, method: str, path: str) -> None:
    assert aggregator.intake(method, path, scope="admin").status in {404, 405}


def test_a_service_follows_its_levels_there_too(aggregator: Aggregator) -> None:
    path = "/api/v1/services/at-intake/levels"
    wanted = aggregator.request("PUT", path, b'{"levels":{"a":"DEBUG"}}', scope="admin").json
    sent = aggregator.intake("POST", "/api/v1/logs", b'{"message":"m"}', X_Service="at-intake")
    assert sent.headers["X-Levels-Version"] == wanted["version"]
    assert aggregator.intake("GET", path).json == wanted


def test_its_health_is_told(aggregator: Aggregator) -> None:
    answer = aggregator.intake("GET", "/health", scope=None)
    assert (answer.status, answer.json["status"]) == (200, "ok")
