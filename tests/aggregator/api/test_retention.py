"""Retention over HTTP: what would go, what went, and that settings take effect at once."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.aggregator.running_aggregator import Aggregator, running

DAY_S = 24 * 3600


def preview(aggregator: Aggregator, **changes: object) -> dict[str, Any]:
    answer = aggregator.request(
        "POST", "/api/v1/retention/preview", json.dumps(changes).encode(), scope="read"
    )
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def state(aggregator: Aggregator) -> dict[str, Any]:
    answer = aggregator.request("GET", "/api/v1/retention", scope="read")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def test_a_change_is_shown_before_it_is_made_and_reported_after(tmp_path: Path) -> None:
    now_s = int(time.time())
    old = [
        {"message": f"{number}", "level": level, "service": "s", "timestamp": now_s - 3 * DAY_S}
        for number in range(10_000)
        for level in ("debug", "info")
    ]
    with running(tmp_path) as aggregator:
        assert aggregator.send(*old).json["accepted"] == len(old)
        aggregator.wait_for("message:9999", 2)
    with running(tmp_path) as aggregator:
        # A start makes segments of so many rows that were in the log only.
        aggregator.send({"message": "young"})
        aggregator.wait_for("young", 1)
        assert preview(aggregator)["rows"] == 0
        rule = {"days": 2, "level": "DEBUG"}
        shown = preview(aggregator, retention_rules=[rule])
        assert (shown["rows"], shown["segments"], shown["rewritten"]) == (10_000, 0, 1)
        (cause,) = shown["by_cause"]
        assert (cause["cause"], cause["rule"], cause["rows"]) == ("age", rule, 10_000)
        assert cause["oldest"] <= cause["newest"] == shown["newest"]
        assert state(aggregator)["last_removal"] is None

        body = json.dumps({"retention_rules": [rule]}).encode()
        assert aggregator.request("PATCH", "/api/v1/settings", body, scope="admin").status == 200
        aggregator.wait_for("level:debug", 0)
        deadline_s = time.monotonic() + 30
        while (gone := state(aggregator)["last_removal"]) is None:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        assert gone["rows"] == 10_000
        assert gone["by_cause"][0]["rule"] == rule
        assert state(aggregator)["next"] > gone["time"]
        assert state(aggregator)["alerts"] == []
        stats = aggregator.request("GET", "/api/v1/stats", scope="read").json
        assert (stats["store"]["rows"], stats["store"]["alerts"]) == (10_001, [])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"retention_days": 0}, "retention_days"),
        ({"retention_rules": [{"days": 1}]}, "retention_rules[0]"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_change_is_refused_as_the_settings_refuse_it(
    aggregator: Aggregator, changes: object, field: str
) -> None:
    body = json.dumps(changes).encode()
    for method, path in (("POST", "/api/v1/retention/preview"), ("PATCH", "/api/v1/settings")):
        answer = aggregator.request(method, path, body, scope="admin")
        assert (answer.status, answer.error["field"]) == (400, field)
