import pytest

from stack.home_assistant_api import HomeAssistantApi
from tests.e2e.aggregator_client import AggregatorClient
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_new_home_assistant_has_nothing_to_repair(home_assistant: HomeAssistantApi) -> None:
    assert await home_assistant.command("repairs/list_issues") == {"issues": []}


async def test_the_ingestor_does_not_log_what_the_integration_makes_of_its_lines(
    home_assistant: HomeAssistantApi, aggregator: AggregatorClient
) -> None:
    own = {
        entity["entity_id"]
        for entity in await home_assistant.command("config/entity_registry/list")
        if entity["platform"] == "ha_ingestor"
        # Other tests make services of their own, which the demo knows nothing of.
        and entity["entity_id"].startswith(("sensor.ha_ingestor_", "sensor.event_ingestor_"))
    }
    assert {"sensor.ha_ingestor_store_size", "sensor.ha_ingestor_lines_per_second"} <= own
    query = 'service:event-ingestor "state_changed event processed"'
    # The house's fastest sensors change every five seconds; by now the integration's have changed as often.
    rows = await eventually(lambda: aggregator.search_all(query), lambda rows: len(rows) >= 12, within_s=60)
    assert own.isdisjoint(row["entity_id"] for row in rows)
