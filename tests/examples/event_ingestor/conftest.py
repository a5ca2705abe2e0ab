from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from event_ingestor.settings import Settings
from tests.examples.event_ingestor.home_assistant_server import TOKEN, HomeAssistantServer
from tests.examples.event_ingestor.victoria_metrics import VictoriaMetrics, find_program
from tests.library.capturing import aggregator, capture, no_lines_at_the_exit

MakeSettings: TypeAlias = Callable[..., Settings]

__all__ = ["aggregator", "capture", "no_lines_at_the_exit"]  # fixtures from elsewhere


@pytest.fixture(scope="session")
def victoria_metrics_program() -> str:
    program = find_program()
    if program is None:
        pytest.skip("victoria-metrics is not to be had on this machine")
    return program


@pytest.fixture
def database(victoria_metrics_program: str, tmp_path: Path) -> Iterator[VictoriaMetrics]:
    database = VictoriaMetrics(victoria_metrics_program, tmp_path / "database")
    database.start()
    yield database
    database.stop()


@pytest.fixture
async def home_assistant() -> AsyncIterator[HomeAssistantServer]:
    server = HomeAssistantServer()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def settings(home_assistant: HomeAssistantServer, database: VictoriaMetrics) -> Settings:
    return Settings(
        home_assistant_url=home_assistant.url,
        home_assistant_token=TOKEN,
        influxdb_url=database.url,
        influxdb_token="none",
        batch_interval_s=0.05,
        write_timeout_s=2.0,
        stop_timeout_s=3.0,
    )
