import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.places import ROOT


def _run(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stack", "--data", str(data), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "option", ["--aggregator-port", "--intake-port", "--home-assistant-port", "--victoria-metrics-port"]
)
@pytest.mark.parametrize("port", ["65536", "0", "http"])
def test_what_is_no_port_is_refused_with_its_option_and_the_range(
    tmp_path: Path, option: str, port: str
) -> None:
    ended = _run(tmp_path / "data", f"{option}={port}")
    assert ended.returncode == 2
    assert f"argument {option}: {port} is not a port: give a number from 1 to 65535" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_one_port_for_two_parts_is_refused_before_anything_starts(tmp_path: Path) -> None:
    ended = _run(tmp_path / "data", "--aggregator-port", "9100", "--home-assistant-port", "9100")
    assert ended.returncode == 1
    assert "--aggregator-port and --home-assistant-port both name port 9100" in ended.stdout
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()
