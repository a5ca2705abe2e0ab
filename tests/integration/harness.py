"""What is used of Home Assistant's test harness, imported in one place because it has no types."""

from pytest_homeassistant_custom_component.common import (  # type: ignore[import-untyped]
    MockConfigEntry,
)
from pytest_homeassistant_custom_component.components.diagnostics import (  # type: ignore[import-untyped]
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.syrupy import (  # type: ignore[import-untyped]
    HomeAssistantSnapshotExtension,
)
from pytest_homeassistant_custom_component.typing import (  # type: ignore[import-untyped]
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)

__all__ = [
    "ClientSessionGenerator",
    "HomeAssistantSnapshotExtension",
    "MockConfigEntry",
    "MockHAClientWebSocket",
    "WebSocketGenerator",
    "get_diagnostics_for_config_entry",
]
