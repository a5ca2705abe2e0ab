"""A data folder belongs to one process."""

import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.data_lock import LOCK_FILE, DataInUseError, locked
from tests.aggregator.running_aggregator import ADDON, running, start_process


def test_a_folder_is_held_by_one_and_free_again_afterwards(tmp_path: Path) -> None:
    data = tmp_path / "made" / "on the way"
    with locked(data), pytest.raises(DataInUseError, match="on the way"), locked(data):
        pass
    with locked(data):
        pass


def test_readers_share_a_folder_and_keep_others_out(tmp_path: Path) -> None:
    with locked(tmp_path):
        pass
    with (
        locked(tmp_path, shared=True),
        locked(tmp_path, shared=True),
        pytest.raises(DataInUseError),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path), pytest.raises(DataInUseError), locked(tmp_path, shared=True):
        pass


def test_readers_leave_a_folder_as_it_is(tmp_path: Path) -> None:
    with locked(tmp_path, shared=True):
        assert not (tmp_path / LOCK_FILE).exists()


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aggregator", *arguments],
        env={"PYTHONPATH": str(ADDON)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_second_aggregator_and_commands_refuse_the_folder_of_a_running_one(tmp_path: Path) -> None:
    with running(tmp_path) as aggregator:
        aggregator.send({"message": "kept"})
        aggregator.wait_for("", 1)
        taken = aggregator.request("POST", "/api/v1/snapshots", b'{"name":"s"}', scope="admin")
        assert taken.status == 201
        second = start_process(tmp_path, aggregator.port + 1, aggregator.intake_port + 1)
        assert second.wait(30) == 1
        for arguments in (
            ["verify", "--data", str(tmp_path)],
            ["restore", str(tmp_path / "snapshots" / "s"), "--data", str(tmp_path), "--replace"],
        ):
            refused = command(*arguments)
            assert refused.returncode == 2
            assert f"an aggregator uses {tmp_path}" in refused.stderr
        assert [row["message"] for row in aggregator.search().json["rows"]] == ["kept"]
    assert command("verify", "--data", str(tmp_path)).returncode == 0
