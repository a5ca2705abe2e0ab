"""Who may do what, and what errors look like."""

import http.client
import json
from typing import Any

import pytest

from tests.aggregator.running_aggregator import Aggregator

ROUTES = [
    ("POST", "/api/v1/logs", "ingest"),
    ("POST", "/api/v1/search", "read"),
    ("POST", "/api/v1/context", "read"),
    ("POST", "/api/v1/trace", "read"),
    ("POST", "/api/v1/count", "read"),
    ("POST", "/api/v1/histogram", "read"),
    ("POST", "/api/v1/facets", "read"),
    ("POST", "/api/v1/fields", "read"),
    ("POST", "/api/v1/aggregate", "read"),
    ("POST", "/api/v1/export", "read"),
    ("GET", "/api/v1/stats", "read"),
    ("GET", "/api/v1/live", "read"),
    ("GET", "/api/v1/settings", "read"),
    ("PATCH", "/api/v1/settings", "admin"),
    ("GET", "/api/v1/levels", "read"),
    ("PUT", "/api/v1/services/x/levels", "admin"),
    ("PATCH", "/api/v1/services/x/levels", "admin"),
    ("DELETE", "/api/v1/services/x/levels", "admin"),
    ("GET", "/api/v1/retention", "read"),
    ("GET", "/api/v1/snapshots", "read"),
    ("POST", "/api/v1/snapshots", "admin"),
    ("DELETE", "/api/v1/snapshots/x", "admin"),
    ("POST", "/api/v1/retention/preview", "read"),
    ("GET", "/metrics", "read"),
    ("POST", "/metrics/job/x", "ingest"),
    ("PUT", "/metrics/job/x", "ingest"),
    ("POST", "/api/v2/write", "ingest"),
]
BODY = {"POST": b"{}", "PUT": b"", "PATCH": b"{}", "GET": None, "DELETE": None}


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
class TestEachRoute:
    def test_a_wrong_token_is_refused(
        self, aggregator: Aggregator, method: str, path: str, scope: str
    ) -> None:
        for wrong in ("Bearer wrong", "Bearer ", f"Basic {aggregator.token(scope)}", aggregator.token(scope)):
            answer = aggregator.request(method, path, BODY[method], scope=None, Authorization=wrong)
            assert (answer.status, answer.error["code"]) == (401, "unauthorized")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_a_token_of_another_scope_is_refused(
        self, aggregator: Aggregator, method: str, path: str, scope: str
    ) -> None:
        for other in {"ingest", "read"} - {scope}:
            answer = aggregator.request(method, path, BODY[method], scope=other)
            assert (answer.status, answer.error["code"]) == (403, "forbidden")
            assert answer.error["scope"] == scope

    def test_its_own_scope_and_admin_may(
        self, aggregator: Aggregator, method: str, path: str, scope: str
    ) -> None:
        for allowed in (scope, "admin"):
            assert aggregator.request(method, path, BODY[method], scope=allowed).status not in {401, 403, 500}


@pytest.mark.parametrize(
    ("method", "path", "scope"), [route for route in ROUTES if route[1] != "/api/v1/live"]
)
def test_without_a_token_nothing_is_told(aggregator: Aggregator, method: str, path: str, scope: str) -> None:
    answer = aggregator.request(method, path, BODY[method], scope=None)
    assert (answer.status, answer.error["code"]) == (401, "unauthorized"), scope


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token", "TOKEN"])
def test_both_schemes_in_any_case_are_taken(aggregator: Aggregator, scheme: str) -> None:
    token = aggregator.token("read")
    answer = aggregator.request("GET", "/api/v1/settings", scope=None, Authorization=f"{scheme} {token}")
    assert answer.status == 200


def test_a_token_that_is_no_text_is_wrong(aggregator: Aggregator) -> None:
    host, port = aggregator.url.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.putrequest("GET", "/api/v1/stats")
    connection.putheader("Authorization", b"Bearer \xff\xfe")
    connection.endheaders()
    response = connection.getresponse()
    error = json.loads(response.read())["error"]
    connection.close()
    assert (response.status, error["code"]) == (401, "unauthorized")


def test_a_token_in_the_address_is_no_token(aggregator: Aggregator) -> None:
    answer = aggregator.request("GET", f"/api/v1/stats?token={aggregator.token('read')}", scope=None)
    assert answer.status == 401


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/nothing", "/api/v1/logs/", "/%00"])
def test_an_unknown_route_is_a_json_404(aggregator: Aggregator, path: str) -> None:
    answer = aggregator.request("GET", path, scope=None)
    assert (answer.status, answer.error["code"]) == (404, "not_found")
    assert answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/api/v1/logs", "POST"), ("DELETE", "/api/v1/settings", "PATCH"), ("POST", "/health", "GET")],
)
def test_a_wrong_method_is_a_json_405_that_names_the_right_ones(
    aggregator: Aggregator, method: str, path: str, allowed: str
) -> None:
    answer = aggregator.request(method, path, scope="admin")
    assert (answer.status, answer.error["code"]) == (405, "method_not_allowed")
    assert allowed in answer.headers["Allow"]


def test_a_live_request_that_is_no_web_socket_is_a_json_error(aggregator: Aggregator) -> None:
    answer = aggregator.request("GET", "/api/v1/live", scope="read")
    assert answer.status == 400
    assert isinstance(answer.error["code"], str)


@pytest.mark.parametrize(
    "path", ["/assets/", "/assets/../app.py", "/assets/%2e%2e/app.py", "/../tokens/admin"]
)
def test_nothing_but_the_pages_files_is_served(aggregator: Aggregator, path: str) -> None:
    answer = aggregator.request("GET", path, scope=None)
    assert answer.status in {403, 404}
    assert answer.headers["Content-Type"].startswith(("application/json", "text/plain"))


ERRORS: list[tuple[str, str, bytes | None]] = [
    ("POST", "/api/v1/search", b"\xff"),
    ("POST", "/api/v1/search", b'{"query": "("}'),
    ("POST", "/api/v1/search", b'{"cursor": "MTIz"}'),
    ("PATCH", "/api/v1/settings", b"[]"),
    ("GET", "/nothing", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ERRORS)
def test_errors_tell_nothing_of_the_inside(
    aggregator: Aggregator, method: str, path: str, body: bytes | None
) -> None:
    answer = aggregator.request(method, path, body, scope="admin")
    assert 400 <= answer.status < 500
    for inside in (b"Traceback", b".py", b"site-packages", str(aggregator.data).encode()):
        assert inside not in answer.body


def test_health_needs_no_token(aggregator: Aggregator) -> None:
    answer = aggregator.request("GET", "/health", scope=None)
    health: dict[str, Any] = answer.json
    assert (answer.status, health["status"]) == (200, "ok")
    assert health["version"]


@pytest.mark.parametrize("path", ["/", "/health", "/nothing"])
def test_browsers_are_told_to_run_our_own_files_only(aggregator: Aggregator, path: str) -> None:
    headers = aggregator.request("GET", path, scope=None).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_page_or_how_to_build_it_is_at_the_root(aggregator: Aggregator) -> None:
    answer = aggregator.request("GET", "/", scope=None)
    if answer.status == 200:
        assert answer.headers["Content-Type"].startswith("text/html")
    else:
        assert answer.status == 503
        assert b"npm run build" in answer.body
