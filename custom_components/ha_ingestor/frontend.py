"""Serves the log search card and has every dashboard load it."""

import logging
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from homeassistant.components.frontend import add_extra_js_url

# The package re-exports it without saying so.
from homeassistant.components.http import StaticPathConfig  # type: ignore[attr-defined]

from .const import DOMAIN

if TYPE_CHECKING:
    from homeassistant.core import HomeAssistant

_LOGGER = logging.getLogger(__name__)

_BUNDLE: Final = Path(__file__).parent / "frontend" / "ha-ingestor.js"
_URL_PATH: Final = f"/{DOMAIN}/{_BUNDLE.name}"


async def async_register_card(hass: HomeAssistant) -> None:
    """Register the card's module, under an address that changes with its content.

    Where the module wasn't built, a warning says so and everything else works.
    """
    version = await hass.async_add_executor_job(_content_hash, _BUNDLE)
    if version is None:
        _LOGGER.warning(
            "The log search card is missing from this installation (%s): run `npm ci && npm run build` "
            "in frontend/, or install a release. Everything else works without it",
            _BUNDLE,
        )
        return
    await hass.http.async_register_static_paths([StaticPathConfig(_URL_PATH, str(_BUNDLE))])
    add_extra_js_url(hass, f"{_URL_PATH}?v={version}")


def _content_hash(path: Path) -> str | None:
    try:
        return sha256(path.read_bytes()).hexdigest()[:12]
    except FileNotFoundError:
        return None
