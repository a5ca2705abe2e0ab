import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

from tests.library.conftest import ROOT
from tests.library.recording_aggregator import RecordingAggregator

SERVICE_TESTS = """
import logging, re, threading
import pytest
from ha_ingestor_logging import configure, get_logger, set_level

get_logger().warning("before any test")

def test_events(captured_logs):
    get_logger("x").debug("plain", n=1, password="hunter2")
    logging.getLogger("standard").info("from %s", "logging")
    thread = threading.Thread(target=lambda: get_logger("t").error("in a thread"))
    thread.start()
    thread.join()
    assert captured_logs.messages == ["plain", "from logging", "in a thread"]
    assert captured_logs.events[0]["password"] == "[redacted]"
    assert captured_logs.matching(level="warn") == []
    assert [event["logger"] for event in captured_logs.matching(message=re.compile("^from"))] == ["standard"]
    assert captured_logs.assert_logged(logger="x", n=1)["message"] == "plain"
    captured_logs.assert_valid()
    captured_logs.clear()
    assert captured_logs.events == []

def test_each_test_sees_its_own(captured_logs):
    get_logger().info("own")
    assert captured_logs.messages == ["own"]

def test_what_the_program_configures_holds_but_nothing_leaves(captured_logs):
    configure(service="garden", level="error", url="{url}", token="t")
    get_logger().info("hidden")
    get_logger().error("seen")
    set_level("debug")
    get_logger().debug("seen too")
    assert captured_logs.messages == ["seen", "seen too"]
    assert captured_logs.events[0]["service"] == "garden"

def test_failures_say_what_was_logged(captured_logs):
    get_logger().info("something", duration_ms="long")
    with pytest.raises(AssertionError, match="something"):
        captured_logs.assert_logged(message="else")
    with pytest.raises(AssertionError, match="duration_ms: expected number"):
        captured_logs.assert_valid()
"""


def test_a_services_own_tests_see_what_it_logs(tmp_path: Path, aggregator: RecordingAggregator) -> None:
    (tmp_path / "test_service.py").write_text(SERVICE_TESTS.replace("{url}", aggregator.url))
    foreign = ("HA_INGESTOR_", "PYTEST")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    plugins = ["-p", "ha_ingestor_logging.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:randomly"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", *plugins],
        cwd=tmp_path,
        env={**inherited, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
    assert "hidden" not in done.stdout
    assert '"message"' not in done.stdout
    assert aggregator.requests == []


def test_pytest_finds_it_where_the_library_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (module,) = project["entry-points"]["pytest11"].values()
    assert hasattr(import_module(module), "captured_logs")
