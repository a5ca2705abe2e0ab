"""The whole system, started once for all tests of this folder, and a browser that is logged in to it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from stack.home_assistant_api import HomeAssistantApi
from stack.places import ROOT
from stack.ports import pick_free_port
from stack.system import Settings, System
from tests.e2e.aggregator_client import AggregatorClient
from tests.e2e.waiting import eventually

_ARTIFACTS = ROOT / "tests/e2e/artifacts"
_BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    settings = Settings(
        data=tmp_path_factory.mktemp("system"),
        aggregator_port=pick_free_port(),
        intake_port=pick_free_port(),
        home_assistant_port=pick_free_port(),
        victoria_metrics_port=pick_free_port(),
    )
    async with System(settings=settings, report=print) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http_session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(scope="session")
def home_assistant(system: System, http_session: aiohttp.ClientSession) -> HomeAssistantApi:
    assert system.access
    return HomeAssistantApi(http_session, system.home_assistant.url, system.access.token)


@pytest.fixture(scope="session")
def aggregator(system: System, http_session: aiohttp.ClientSession) -> AggregatorClient:
    assert system.tokens
    return AggregatorClient(http_session, system.aggregator.url, system.tokens)


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def _ingestor_listens(aggregator: AggregatorClient) -> None:
    query = 'service:event-ingestor "subscribed to state changes"'
    await eventually(lambda: aggregator.search_all(query), bool)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    finder = await asyncio.create_subprocess_exec(
        str(ROOT / "scripts/chromium"), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await finder.communicate()
    assert finder.returncode == 0
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=output.decode().strip(), args=_BROWSER_FLAGS
        )
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, system: System, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A browser page on Home Assistant, after a person's log-in there; what it showed last is kept."""
    assert system.access
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    signed_in = await context.new_page()
    signed_in.set_default_timeout(30_000)
    try:
        await signed_in.goto(system.home_assistant.url)
        await signed_in.locator("input[name=username]").fill(system.access.username)
        await signed_in.locator("input[name=password]").fill(system.access.password)
        await signed_in.keyboard.press("Enter")
        await signed_in.locator("ha-sidebar").wait_for()
        yield signed_in
    finally:
        await asyncio.to_thread(_ARTIFACTS.mkdir, exist_ok=True)
        await signed_in.screenshot(path=_ARTIFACTS / Path(request.node.name).with_suffix(".png"))
        await context.close()
