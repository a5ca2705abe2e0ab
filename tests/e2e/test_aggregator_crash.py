import asyncio
import uuid

import aiohttp
import pytest

from stack.home_assistant_api import HomeAssistantApi
from stack.system import System
from tests.e2e.aggregator_client import AggregatorClient
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

_BATCH_LINES = 200
_CRASHES = 3
_LINES_BETWEEN_CRASHES = 5_000
_SENSOR = "sensor.ha_ingestor_lines_per_second"


class _Sender:
    """Sends numbered lines for as long as it is let, and each batch until it is acknowledged."""

    def __init__(self, aggregator: AggregatorClient, run: str) -> None:
        self.acknowledged_lines = 0
        self._aggregator = aggregator
        self._run = run
        self._stop = asyncio.Event()

    async def run(self) -> None:
        while not self._stop.is_set():
            first = self.acknowledged_lines
            batch = [
                {
                    "message": "numbered",
                    "service": "crash-test",
                    "run": self._run,
                    "n": n,
                    "uid": f"{self._run}-{n}",
                }
                for n in range(first, first + _BATCH_LINES)
            ]
            try:
                accepted = await self._aggregator.send(batch)
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
                continue
            assert accepted == _BATCH_LINES
            self.acknowledged_lines += accepted

    async def acknowledges_more(self, lines: int) -> None:
        expected = self.acknowledged_lines + lines
        await eventually(self._acknowledged, lambda seen: seen >= expected)

    async def _acknowledged(self) -> int:
        return self.acknowledged_lines

    def stop(self) -> None:
        self._stop.set()


async def test_every_acknowledged_line_is_there_once_after_kill_9_under_intake_and_entities_recover(
    system: System, aggregator: AggregatorClient, home_assistant: HomeAssistantApi
) -> None:
    run = uuid.uuid4().hex
    sender = _Sender(aggregator, run)
    async with asyncio.TaskGroup() as group:
        group.create_task(sender.run())
        for _ in range(_CRASHES):
            await sender.acknowledges_more(_LINES_BETWEEN_CRASHES)
            await system.aggregator.kill()
            await system.aggregator.start()
        await system.aggregator.kill()
        await eventually(lambda: home_assistant.state(_SENSOR), lambda state: state == "unavailable")
        await system.aggregator.start()
        await sender.acknowledges_more(1)
        sender.stop()

    # A line is found a moment after its acknowledgement.
    rows = await eventually(
        lambda: aggregator.search_all(f"run:{run}"),
        lambda found: len(found) >= sender.acknowledged_lines,
        within_s=30,
    )
    assert sorted(row["n"] for row in rows) == list(range(sender.acknowledged_lines))
    await eventually(
        lambda: home_assistant.state(_SENSOR),
        lambda state: state not in {None, "unavailable", "unknown"},
        within_s=60,
    )


async def test_the_ingestor_delivers_what_it_logged_while_the_aggregator_was_away(
    system: System, aggregator: AggregatorClient, home_assistant: HomeAssistantApi
) -> None:
    entity_id = f"sensor.test_{uuid.uuid4().hex}"
    await system.aggregator.kill()
    await home_assistant.post(f"/api/states/{entity_id}", {"state": "1"})
    await asyncio.sleep(3)
    await system.aggregator.start()

    rows = await eventually(lambda: aggregator.search_all(f"entity_id:{entity_id}"), bool, within_s=60)
    assert [row["service"] for row in rows] == ["event-ingestor"]
