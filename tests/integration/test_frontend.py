"""The card's module: served, versioned by its content, loaded by every dashboard."""

from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from homeassistant.components import onboarding
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.components.onboarding.const import STEPS
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.ha_ingestor import frontend
from custom_components.ha_ingestor.const import DOMAIN
from tests.integration.harness import ClientSessionGenerator

SOURCE = "export const card = 1;\n"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module where the built one is looked for."""
    path = tmp_path / "ha-ingestor.js"
    path.write_text(SOURCE)
    monkeypatch.setattr(frontend, "_BUNDLE", path)
    return path


@pytest.mark.usefixtures("bundle")
async def test_the_module_is_served_without_a_login_under_its_version(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    url = f"/ha_ingestor/ha-ingestor.js?v={sha256(SOURCE.encode()).hexdigest()[:12]}"
    assert hass.data[DATA_EXTRA_MODULE_URL].urls == {url}

    client = await hass_client_no_auth()
    response = await client.get(url)
    assert response.status == HTTPStatus.OK
    assert response.content_type == "text/javascript"
    assert "max-age" in response.headers["Cache-Control"]
    assert await response.text() == SOURCE


@pytest.mark.usefixtures("bundle")
async def test_every_page_of_home_assistant_loads_the_module(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_storage: dict[str, Any]
) -> None:
    hass_storage["onboarding"] = {"version": onboarding.STORAGE_VERSION, "data": {"done": STEPS}}
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    assert 'import("/ha_ingestor/ha-ingestor.js?v=' in await (await client.get("/")).text()


async def test_without_the_module_a_warning_says_how_to_build_it(
    hass: HomeAssistant, bundle: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await hass.async_add_executor_job(bundle.unlink)
    assert await async_setup_component(hass, DOMAIN, {})
    assert hass.data[DATA_EXTRA_MODULE_URL].urls == frozenset()
    assert str(bundle) in caplog.text
    assert "npm ci && npm run build" in caplog.text
