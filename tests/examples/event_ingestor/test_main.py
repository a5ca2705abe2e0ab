import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from event_ingestor.settings import Settings
from tests.aggregator_process import ROOT
from tests.examples.event_ingestor.home_assistant_server import HomeAssistantServer, state_changed
from tests.examples.event_ingestor.victoria_metrics import VictoriaMetrics
from tests.examples.event_ingestor.waiting import until


def start(**environment: str) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HA_INGESTOR_")}
    return subprocess.Popen(
        [sys.executable, "-m", "event_ingestor"],
        env={**inherited, "PYTHONPATH": f"{ROOT}:{ROOT / 'examples'}", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def environment_of(settings: Settings) -> dict[str, str]:
    return {
        "HOME_ASSISTANT_URL": settings.home_assistant_url,
        "HOME_ASSISTANT_TOKEN": settings.home_assistant_token,
        "INFLUXDB_URL": settings.influxdb_url,
        "INFLUXDB_TOKEN": settings.influxdb_token,
    }


@pytest.fixture
def program(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    process = start(**environment_of(settings))
    yield process
    process.kill()
    process.communicate()


async def test_a_terminated_program_writes_and_logs_everything_first(
    program: subprocess.Popen[str], home_assistant: HomeAssistantServer, database: VictoriaMetrics
) -> None:
    await until(lambda: home_assistant.subscribers == 1)
    for number in range(50):
        await home_assistant.send(state_changed(f"sensor.n{number}", str(number)))
    await asyncio.sleep(0.1)
    program.send_signal(signal.SIGTERM)
    stdout, stderr = await asyncio.to_thread(program.communicate, None, 20)
    assert (program.returncode, stderr) == (0, "")
    records = [json.loads(line) for line in stdout.splitlines()]
    assert {record["service"] for record in records} == {"event-ingestor"}
    assert [record["message"] for record in records].count("state_changed event processed") == 50
    assert records[-1]["message"] == "event ingestor stopped"
    assert {point.value for point in database.points()} == set(map(float, range(50)))


async def test_a_wrong_token_ends_the_program_with_a_failure(settings: Settings) -> None:
    process = start(**{**environment_of(settings), "HOME_ASSISTANT_TOKEN": "wrong"})
    stdout, _ = await asyncio.to_thread(process.communicate, None, 20)
    assert process.returncode == 1
    assert "check HOME_ASSISTANT_TOKEN" in stdout
    assert "wrong" not in stdout


def test_missing_settings_are_named_on_standard_error() -> None:
    process = start()
    stdout, stderr = process.communicate(timeout=20)
    assert (process.returncode, stdout) == (2, "")
    assert stderr.startswith("event_ingestor: set HOME_ASSISTANT_URL, HOME_ASSISTANT_TOKEN")


def test_a_wrong_logging_setting_is_named_on_standard_error() -> None:
    process = start(HA_INGESTOR_LOG_LEVEL="loud")
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "'loud' is not one of" in stderr
