import pytest

from stack.home_assistant_api import HomeAssistantApi
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("key", ["events_per_second", "lines_per_second"])
async def test_a_service_shows_what_it_processes(home_assistant: HomeAssistantApi, key: str) -> None:
    # The house changes a state every five seconds, and metrics are pushed every fifteen.
    await eventually(
        lambda: home_assistant.state(f"sensor.event_ingestor_{key}"), _is_positive_number, within_s=90
    )


def _is_positive_number(state: str | None) -> bool:
    try:
        return state is not None and float(state) > 0
    except ValueError:
        return False
