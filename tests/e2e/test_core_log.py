import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from stack.home_assistant_api import HomeAssistantApi
from tests.e2e.aggregator_client import AggregatorClient
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

_FLOWS = "/api/config/config_entries/options/flow"


async def _choose(home_assistant: HomeAssistantApi, aggregator: AggregatorClient, *, forward: bool) -> None:
    retention_days = (await aggregator.settings())["retention_days"]
    [entry] = await home_assistant.get("/api/config/config_entries/entry?domain=ha_ingestor")
    flow = await home_assistant.post(_FLOWS, {"handler": entry["entry_id"]})
    options = {"retention_days": retention_days, "forward_core_log": forward}
    result = await home_assistant.post(f"{_FLOWS}/{flow['flow_id']}", options)
    assert result["type"] == "create_entry"


@pytest_asyncio.fixture(loop_scope="session")
async def _forwarding(home_assistant: HomeAssistantApi, aggregator: AggregatorClient) -> AsyncIterator[None]:
    await _choose(home_assistant, aggregator, forward=True)
    mark = uuid.uuid4().hex

    async def write_and_look() -> list[dict[str, Any]]:
        await home_assistant.post("/api/services/system_log/write", {"message": mark})
        return await aggregator.search_all(mark)

    # The config entry is set up anew after the answer; nothing tells when that is done.
    await eventually(write_and_look, bool)
    yield
    await _choose(home_assistant, aggregator, forward=False)


@pytest.mark.usefixtures("_forwarding")
@pytest.mark.parametrize("level", ["warning", "error", "critical"])
async def test_what_home_assistant_logs_is_found_with_its_level_and_logger(
    home_assistant: HomeAssistantApi, aggregator: AggregatorClient, level: str
) -> None:
    mark = uuid.uuid4().hex
    line = {
        "message": f"the cellar is wet {mark}",
        "level": level,
        "logger": "homeassistant.components.cellar",
    }
    sent_s = time.time()
    await home_assistant.post("/api/services/system_log/write", line)
    [row] = await eventually(lambda: aggregator.search_all(mark), bool, within_s=5)
    assert time.time() - sent_s < 5
    assert row["level"] == level.upper()
    assert row["logger"] == "homeassistant.components.cellar"
    assert row["message"] == line["message"]
    assert row["service"] == "homeassistant"
    assert row["source"] == "home_assistant"
