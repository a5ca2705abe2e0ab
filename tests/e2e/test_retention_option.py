import pytest

from stack.home_assistant_api import HomeAssistantApi
from tests.e2e.aggregator_client import AggregatorClient

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_retention_changed_in_the_options_changes_it_in_the_aggregator(
    home_assistant: HomeAssistantApi, aggregator: AggregatorClient
) -> None:
    present = (await aggregator.settings())["retention_days"]
    [entry] = await home_assistant.get("/api/config/config_entries/entry?domain=ha_ingestor")

    flows = "/api/config/config_entries/options/flow"
    flow = await home_assistant.post(flows, {"handler": entry["entry_id"]})
    suggested = {field["name"]: field["description"]["suggested_value"] for field in flow["data_schema"]}
    assert suggested["retention_days"] == present
    options = {**suggested, "retention_days": present + 7}
    result = await home_assistant.post(f"{flows}/{flow['flow_id']}", options)

    assert result["type"] == "create_entry"
    assert (await aggregator.settings())["retention_days"] == present + 7
