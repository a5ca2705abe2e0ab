import uuid

import pytest
from playwright.async_api import Page, expect

from stack.home_assistant_api import HomeAssistantApi
from stack.system import System

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_dashboard_stands_in_the_sidebar_and_shows_each_service(page: Page, system: System) -> None:
    await page.locator('ha-sidebar [href="/ha-ingestor"]').click()
    await expect(page.get_by_text("event-ingestor").first).to_be_visible()
    await expect(page.get_by_text("Lines per second").first).to_be_visible()
    assert page.url.startswith(f"{system.home_assistant.url}/ha-ingestor")


async def test_the_log_line_of_a_state_change_is_found_by_searching_in_the_card(
    page: Page, home_assistant: HomeAssistantApi
) -> None:
    entity_id = f"sensor.test_{uuid.uuid4().hex}"
    await home_assistant.post(f"/api/states/{entity_id}", {"state": "21.5"})

    await page.goto(f"{home_assistant.url}/ha-ingestor/logs")
    card = page.locator("ha-ingestor-log-search")
    await card.get_by_test_id("search-input").fill(f"service:event-ingestor entity_id:{entity_id}")
    row = card.get_by_test_id("log-row").filter(has_text="state_changed event processed")
    await expect(row).to_have_count(1)
    await expect(row).to_have_attribute("data-level", "INFO")

    await row.click()
    field = card.locator('[data-testid="detail-field"][data-field="entity_id"]')
    await expect(field).to_contain_text(entity_id)


async def test_live_tail_shows_a_line_as_it_arrives(page: Page, home_assistant: HomeAssistantApi) -> None:
    entity_id = f"sensor.test_{uuid.uuid4().hex}"
    await page.goto(f"{home_assistant.url}/ha-ingestor/logs")
    card = page.locator("ha-ingestor-log-search")
    await card.get_by_test_id("search-input").fill(f"entity_id:{entity_id}")
    await expect(card.get_by_test_id("status")).to_contain_text("0")
    await expect(card.get_by_test_id("tail-toggle")).to_have_attribute("data-state", "live")

    await home_assistant.post(f"/api/states/{entity_id}", {"state": "on"})
    await expect(card.get_by_test_id("log-row")).to_have_count(1)


async def test_a_search_that_cannot_be_parsed_names_its_column(
    page: Page, home_assistant: HomeAssistantApi
) -> None:
    await page.goto(f"{home_assistant.url}/ha-ingestor/logs")
    card = page.locator("ha-ingestor-log-search")
    await card.get_by_test_id("search-input").fill("level:")
    await expect(card.get_by_test_id("query-error")).to_contain_text("Column 7")
