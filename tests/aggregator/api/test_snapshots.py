"""Snapshots over HTTP, and the command that restores one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.aggregator.running_aggregator import ADDON, Aggregator, Answer, running


def take(aggregator: Aggregator, **fields: object) -> Answer:
    return aggregator.request("POST", "/api/v1/snapshots", json.dumps(fields).encode(), scope="admin")


def listed(aggregator: Aggregator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aggregator.request("GET", "/api/v1/snapshots", scope="read").json[
        "snapshots"
    ]
    return found


def restore(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aggregator", "restore", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ADDON)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_snapshot_is_taken_restored_and_served(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data) as aggregator:
        aggregator.send({"message": "before"})
        aggregator.wait_for("", 1)
        taken = take(aggregator, name="monday")
        assert taken.status == 201
        assert listed(aggregator) == [taken.json]
        assert (taken.json["name"], taken.json["last_id"]) == ("monday", "1")
        assert take(aggregator, name="monday").error["code"] == "conflict"
        aggregator.send({"message": "after"})
        aggregator.wait_for("", 2)
    snapshot = data / "snapshots" / "monday"
    refused = restore(snapshot, "--data", data)
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    done = restore(snapshot, "--data", data, "--replace")
    assert done.returncode == 0, done.stderr
    assert "up to line 1\n" in done.stdout
    with running(data) as aggregator:
        assert [row["message"] for row in aggregator.wait_for("", 1)] == ["before"]
        assert aggregator.request("DELETE", "/api/v1/snapshots/monday", scope="admin").status == 204
        assert listed(aggregator) == []
        assert aggregator.request("DELETE", "/api/v1/snapshots/monday", scope="admin").status == 404


def test_a_damaged_snapshot_is_restored_only_when_told(tmp_path: Path) -> None:
    with running(tmp_path / "data") as aggregator:
        for number in range(3):
            aggregator.send({"message": f"{number}"})
        aggregator.wait_for("", 3)
        assert take(aggregator, name="a").status == 201
    snapshot = tmp_path / "data" / "snapshots" / "a"
    (log_file,) = (snapshot / "log").glob("*.log")
    content = bytearray(log_file.read_bytes())
    content[20] ^= 1
    log_file.write_bytes(content)
    refused = restore(snapshot, "--data", tmp_path / "new")
    assert refused.returncode == 1
    assert log_file.name in refused.stdout
    assert not (tmp_path / "new").exists()
    assert restore(snapshot, "--data", tmp_path / "new", "--accept-damage").returncode == 0
    with running(tmp_path / "new") as aggregator:
        assert [row["message"] for row in aggregator.wait_for("", 2)] == ["1", "2"]


def test_names_that_are_paths_and_unknown_fields_are_refused(aggregator: Aggregator) -> None:
    assert take(aggregator, name="../x").error["field"] == "name"
    assert take(aggregator, name=7).error["field"] == "name"
    assert take(aggregator, path="x").error["field"] == "path"
    assert aggregator.request("DELETE", "/api/v1/snapshots/..%2Fstore", scope="admin").status == 400
