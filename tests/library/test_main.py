import json
import subprocess
import sys
from pathlib import Path

import pytest

from ha_ingestor_logging.__main__ import main
from tests.library.conftest import ROOT

GOOD = b'{"timestamp":"2026-11-25T09:46:40Z","level":"INFO","service":"s","logger":"l","message":"m"}\n'
BAD = GOOD.replace(b"INFO", b"info")


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "ha_ingestor_logging", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_a_valid_file_is_told_by_the_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "good.log"
    file.write_bytes(GOOD * 2 + b"\n")
    assert main(["validate", str(file)]) == 0
    assert capsys.readouterr() == ("", "2 lines, 0 faulty\n")


def test_a_faulty_line_is_told_with_its_number_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.log"
    file.write_bytes(GOOD + b"\n" + BAD + b"plain text\n")
    assert main(["validate", str(file)]) == 1
    out, err = capsys.readouterr()
    first, second = out.splitlines()
    assert first.startswith(f"{file}:3: level: expected TRACE or ")
    assert second.startswith(f"{file}:4: not JSON: ")
    assert err == "3 lines, 2 faulty\n"


def test_a_file_that_cannot_be_read_has_a_status_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(tmp_path / "none")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_standard_input_is_read_for_a_dash() -> None:
    assert run("validate", "-", stdin=GOOD).returncode == 0
    done = run("validate", "-", stdin=BAD)
    assert (done.returncode, done.stdout[:6]) == (1, b"-:1: l")


def test_the_schema_is_printed() -> None:
    done = run("schema")
    assert json.loads(done.stdout)["title"] == "HA Ingestor log record"
    assert done.stderr == b""
