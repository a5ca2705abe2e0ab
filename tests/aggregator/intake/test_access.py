"""The token that each client sends in its own way."""

import base64
import os
from collections.abc import Callable

import pytest

from tests.aggregator.running_aggregator import Aggregator

WAYS: dict[str, Callable[[str], dict[str, str]]] = {
    "bearer": lambda token: {"Authorization": f"Bearer {token}"},
    "token": lambda token: {"Authorization": f"Token {token}"},
    "splunk": lambda token: {"Authorization": f"Splunk {token}"},
    "API key as it is": lambda token: {"Authorization": f"ApiKey {token}"},
    "API key with its ID": lambda token: {"Authorization": f"ApiKey {base64_of(f'name:{token}')}"},
    "password": lambda token: {"Authorization": f"Basic {base64_of(f'elastic:{token}')}"},
    "user without a password": lambda token: {"Authorization": f"Basic {base64_of(f'{token}:')}"},
    "base64 without its padding": lambda token: {
        "Authorization": f"Basic {base64_of(f'elastic:{token}').rstrip('=')}"
    },
    "any case": lambda token: {"Authorization": f"bEARER {token}"},
    "Datadog": lambda token: {"DD-API-KEY": token},
    "API key in a header of its own": lambda token: {"X-API-Key": token},
    "beside one of somebody else's": lambda token: {"Authorization": "Bearer theirs", "X-API-Key": token},
}


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def post(aggregator: Aggregator, headers: dict[str, str]) -> tuple[int, str | None]:
    answer = aggregator.intake("POST", "/api/v1/logs", b"{}", scope=None, **headers)
    return answer.status, answer.json.get("error", {}).get("code")


@pytest.mark.parametrize("way", WAYS)
def test_a_token_is_known_in_each_clients_way(aggregator: Aggregator, way: str) -> None:
    assert post(aggregator, WAYS[way](aggregator.token("ingest"))) == (200, None)
    assert post(aggregator, WAYS[way](aggregator.token("admin"))) == (200, None)
    assert post(aggregator, WAYS[way](aggregator.token("read"))) == (403, "forbidden")
    assert post(aggregator, WAYS[way](aggregator.token("ingest") + "x")) == (401, "unauthorized")


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic",
        "Basic !!!",
        "Basic =",
        "Basic Og==",
        "ApiKey ",
        "ApiKey é",
        "Digest x",
    ],
)
def test_what_holds_no_token_is_refused(aggregator: Aggregator, authorization: str) -> None:
    assert post(aggregator, {"Authorization": authorization}) == (401, "unauthorized")


def test_a_refused_token_is_counted(aggregator: Aggregator) -> None:
    before = refused(aggregator)
    post(aggregator, {"Authorization": f"Bearer {os.urandom(8).hex()}"})
    assert refused(aggregator) == before + 1


def refused(aggregator: Aggregator) -> int:
    sources = aggregator.request("GET", "/api/v1/stats", scope="read").json["sources"]
    count: int = sources.get("http", {"refused_requests": {}})["refused_requests"].get("unauthorized", 0)
    return count
