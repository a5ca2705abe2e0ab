import uuid

import aiohttp
import pytest

from stack.home_assistant_api import HomeAssistantApi
from stack.system import System
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

_ERRORS = "sensor.event_ingestor_errors_last_hour"
_LAMP = "input_boolean.porch_light"
_AUTOMATION = {
    "alias": "Lamp on when the ingestor has errors",
    "triggers": [{"trigger": "state", "entity_id": _ERRORS}],
    "conditions": "{{ trigger.to_state.state | int(0) > trigger.from_state.state | int(0) }}",
    "actions": [{"action": "input_boolean.turn_on", "target": {"entity_id": _LAMP}}],
}


async def test_a_stopped_database_turns_up_as_errors_and_runs_an_automation(
    system: System, home_assistant: HomeAssistantApi, http_session: aiohttp.ClientSession
) -> None:
    database = system.victoria_metrics
    if database is None:
        pytest.skip("victoria-metrics is not to be had on this machine")
    await home_assistant.call_action("input_boolean", "turn_off", _LAMP)
    await home_assistant.post("/api/config/automation/config/lamp_on_errors", _AUTOMATION)
    before = await eventually(lambda: home_assistant.state(_ERRORS), _is_number)

    await database.stop()
    entity_id = f"sensor.test_{uuid.uuid4().hex}"
    try:
        await home_assistant.post(f"/api/states/{entity_id}", {"state": "21.5"})
        await eventually(
            lambda: home_assistant.state(_ERRORS), lambda state: _is_number(state) and state != before
        )
        await eventually(lambda: home_assistant.state(_LAMP), lambda state: state == "on")
    finally:
        await database.start()

    async def points() -> object:
        object_id = entity_id.removeprefix("sensor.")
        match = f'{{__name__!="",entity_id=~"(sensor[.])?{object_id}"}}'
        async with http_session.get(f"{database.url}/api/v1/series", params={"match[]": match}) as response:
            return (await response.json())["data"]

    # What happened while the database was away is written once it is back.
    await eventually(points, bool, within_s=60)


def _is_number(state: str | None) -> bool:
    return state is not None and state.replace(".", "", 1).isdigit()
