import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from event_ingestor.home_assistant import AuthenticationError
from event_ingestor.service import run
from event_ingestor.settings import Settings
from tests.aggregator_process import AggregatorProcess
from tests.examples.event_ingestor.home_assistant_server import HomeAssistantServer, state_changed
from tests.examples.event_ingestor.victoria_metrics import VictoriaMetrics
from tests.examples.event_ingestor.waiting import until
from tests.library.capturing import Capture


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def running(
    settings: Settings, home_assistant: HomeAssistantServer
) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    service = asyncio.create_task(run(settings, stop))
    await until(lambda: home_assistant.subscribers == 1 or service.done())
    yield service
    stop.set()
    await service


async def test_state_changes_become_points_in_the_database(
    settings: Settings, home_assistant: HomeAssistantServer, database: VictoriaMetrics
) -> None:
    events, points = sample("ha_ingestor_events_total"), sample("ha_ingestor_points_written_total")
    writes = sample("ha_ingestor_write_duration_seconds_count")
    async with running(settings, home_assistant):
        await home_assistant.send(state_changed("sensor.kitchen", "21.5", friendly_name="Kitchen, °C = warm"))
        await home_assistant.send(state_changed("light.hall", "on"))
        await home_assistant.send(state_changed("light.hall", "unavailable"))
        await until(lambda: sample("ha_ingestor_points_written_total") == points + 2)
    stored = {point.name: point for point in database.points()}
    assert {name: point.value for name, point in stored.items()} == {"sensor_value": 21.5, "light_value": 1.0}
    assert stored["sensor_value"].time_ms == 1_767_607_200_123
    assert (
        stored["sensor_value"].tags.items()
        >= {
            "entity_id": "kitchen",
            "domain": "sensor",
            "friendly_name": "Kitchen, °C = warm",
        }.items()
    )
    assert sample("ha_ingestor_events_total") == events + 3
    assert sample("ha_ingestor_write_duration_seconds_count") > writes


async def test_ignored_entities_are_neither_stored_logged_nor_counted(
    settings: Settings, home_assistant: HomeAssistantServer, database: VictoriaMetrics, capture: Capture
) -> None:
    events, points = sample("ha_ingestor_events_total"), sample("ha_ingestor_points_written_total")
    ignoring = replace(settings, ignored_entities=("sensor.ha_ingestor_*", "sun.sun"))
    async with running(ignoring, home_assistant):
        await home_assistant.send(state_changed("sensor.ha_ingestor_store_size", "1"))
        await home_assistant.send(state_changed("sun.sun", "above_horizon"))
        await home_assistant.send(state_changed("sensor.kitchen", "2"))
        await until(lambda: sample("ha_ingestor_points_written_total") == points + 1)
    assert [point.tags["entity_id"] for point in database.points()] == ["kitchen"]
    assert [record["entity_id"] for record in capture() if "entity_id" in record] == ["sensor.kitchen"]
    assert sample("ha_ingestor_events_total") == events + 1


async def test_an_events_correlation_leads_to_the_write_of_its_point(
    settings: Settings, home_assistant: HomeAssistantServer, capture: Capture
) -> None:
    points = sample("ha_ingestor_points_written_total")
    async with running(settings, home_assistant):
        await home_assistant.send(state_changed("sensor.a", "1"))
        await home_assistant.send(state_changed("sensor.b", "2"))
        await until(lambda: sample("ha_ingestor_points_written_total") == points + 2)
    records = capture()
    processed = [record for record in records if record["message"] == "state_changed event processed"]
    assert [(record["entity_id"], record["level"]) for record in processed] == [
        ("sensor.a", "INFO"),
        ("sensor.b", "INFO"),
    ]
    written = [record for record in records if record["message"] == "batch written"]
    assert sum(record["points"] for record in written) == 2
    assert all(record["duration_ms"] > 0 for record in written)
    assert [correlation_id for record in written for correlation_id in record["correlation_ids"]] == [
        record["correlation_id"] for record in processed
    ]


async def test_a_database_failure_is_logged_and_its_points_are_written_after_it(
    settings: Settings, home_assistant: HomeAssistantServer, database: VictoriaMetrics, capture: Capture
) -> None:
    points, errors = (
        sample("ha_ingestor_points_written_total"),
        sample("ha_ingestor_errors_total", kind="database"),
    )
    async with running(settings, home_assistant):
        database.stop()
        await home_assistant.send(state_changed("sensor.a", "1"))
        await until(lambda: sample("ha_ingestor_errors_total", kind="database") > errors)
        await home_assistant.send(state_changed("sensor.b", "2"))
        database.start()
        await until(lambda: sample("ha_ingestor_points_written_total") == points + 2, 20)
    assert {point.tags["entity_id"] for point in database.points()} == {"a", "b"}
    records = capture()
    failure = next(record for record in records if record["level"] == "ERROR")
    assert failure["message"] == "write batch failed"
    assert failure["exception_type"].startswith("urllib3.exceptions.")
    assert failure["correlation_ids"]
    recovery = next(record for record in records if record["message"] == "the database is available again")
    assert recovery["failed_attempts"] >= 1


async def test_points_that_the_database_refuses_do_not_hold_up_the_others(
    settings: Settings, home_assistant: HomeAssistantServer, tmp_path: Path
) -> None:
    aggregator = AggregatorProcess(tmp_path / "aggregator")
    await asyncio.to_thread(aggregator.start)
    refused, points = (
        sample("ha_ingestor_errors_total", kind="points_refused"),
        sample("ha_ingestor_points_written_total"),
    )
    to_aggregator = replace(
        settings, influxdb_url=aggregator.url, influxdb_token=aggregator.token("ingest"), batch_points=1
    )
    try:
        async with running(to_aggregator, home_assistant):
            # A time that no database keeps: before 1678, nanoseconds don't fit into 64 bits.
            await home_assistant.send(
                state_changed("sensor.a", "1", last_updated="0001-01-01T00:00:00+00:00")
            )
            await home_assistant.send(state_changed("sensor.b", "2"))
            await until(lambda: sample("ha_ingestor_points_written_total") == points + 1, 20)
    finally:
        await asyncio.to_thread(aggregator.stop)
    assert sample("ha_ingestor_errors_total", kind="points_refused") == refused + 1


async def test_the_service_comes_back_after_home_assistant_was_away(
    settings: Settings, home_assistant: HomeAssistantServer, database: VictoriaMetrics
) -> None:
    points = sample("ha_ingestor_points_written_total")
    async with running(settings, home_assistant):
        await home_assistant.drop_connections()
        await until(lambda: home_assistant.connections == 2 and home_assistant.subscribers == 1)
        await home_assistant.send(state_changed("sensor.a", "1"))
        await until(lambda: sample("ha_ingestor_points_written_total") == points + 1)
    assert len(database.points()) == 1


async def test_a_malformed_event_is_logged_and_the_next_is_processed(
    settings: Settings, home_assistant: HomeAssistantServer, capture: Capture
) -> None:
    points = sample("ha_ingestor_points_written_total")
    async with running(settings, home_assistant):
        await home_assistant.send(
            {"event_type": "state_changed", "data": {"entity_id": "sensor.a", "new_state": 5}}
        )
        await home_assistant.send(state_changed("sensor.b", "2"))
        await until(lambda: sample("ha_ingestor_points_written_total") == points + 1)
    (error,) = (record for record in capture() if record["level"] == "ERROR")
    assert error["exception_type"] == "event_ingestor.points.MalformedEventError"


async def test_a_stop_writes_what_is_left(
    settings: Settings, home_assistant: HomeAssistantServer, database: VictoriaMetrics
) -> None:
    events = sample("ha_ingestor_events_total")
    async with running(replace(settings, batch_interval_s=2.0), home_assistant):
        await home_assistant.send(state_changed("sensor.a", "1"))
        await until(lambda: sample("ha_ingestor_events_total") == events + 1)
    assert len(database.points()) == 1


async def test_points_that_a_stop_loses_are_counted_and_logged(
    settings: Settings, home_assistant: HomeAssistantServer, database: VictoriaMetrics, capture: Capture
) -> None:
    events, lost = sample("ha_ingestor_events_total"), sample("ha_ingestor_errors_total", kind="lost_at_stop")
    database.stop()
    async with running(replace(settings, stop_timeout_s=0.5), home_assistant):
        await home_assistant.send(state_changed("sensor.a", "1"))
        await until(lambda: sample("ha_ingestor_events_total") == events + 1)
    assert sample("ha_ingestor_errors_total", kind="lost_at_stop") == lost + 1
    assert [record["points"] for record in capture() if record["message"].startswith("points were lost")] == [
        1
    ]


async def test_a_wrong_token_ends_the_service(
    settings: Settings, home_assistant: HomeAssistantServer
) -> None:
    with pytest.raises(AuthenticationError):
        async with running(replace(settings, home_assistant_token="wrong"), home_assistant):
            pass
