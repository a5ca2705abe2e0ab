"""Sets Home Assistant up as a person would: user, integration, dashboard; through its own API."""

import asyncio
import json
import os
import secrets
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

from stack.errors import HomeAssistantApiError, StackError
from stack.home_assistant_api import HomeAssistantApi

DASHBOARD = "ha-ingestor"
_DOMAIN = "ha_ingestor"
_USERNAME = "admin"
_TOKEN_LIFESPAN_DAYS = 3650
_PASSWORD_BYTES = 12
# Home Assistant asks for a repair until it has one.
_COUNTRY = "NL"


@dataclass(frozen=True)
class Access:
    """How to get into the Home Assistant that was set up.

    Attributes:
        username: name of its owner.
        password: the owner's password.
        token: long-lived access token of the owner.
    """

    username: str
    password: str
    token: str


async def ensure_access(api: HomeAssistantApi, file: Path) -> Access:
    """Return the way in, after onboarding when Home Assistant is new; the API is signed in afterwards.

    Args:
        api: the Home Assistant.
        file: keeps the way in, readable by its owner only.

    Raises:
        StackError: Home Assistant was set up by somebody else.
    """
    access = await asyncio.to_thread(_load, file)
    open_steps = await _open_steps(api)
    if access:
        api.token = access.token
    elif "user" in open_steps:
        access = await _create_owner(api)
        await asyncio.to_thread(_save, file, access)
    else:
        raise StackError(
            f"Home Assistant's data are there, but {file} with its password is not. "
            "Bring it back, or start with another folder (--data)."
        )
    await _finish_onboarding(api, open_steps)
    return access


async def ensure_integration(api: HomeAssistantApi, aggregator_url: str, admin_token: str) -> None:
    """Add the integration through its config flow, or point it at where the aggregator is now.

    Raises:
        StackError: the flow showed an error.
    """
    entries = await api.get(f"/api/config/config_entries/entry?domain={_DOMAIN}")
    if not entries:
        flow = await api.post("/api/config/config_entries/flow", {"handler": _DOMAIN})
    else:
        fields = {"handler": _DOMAIN, "entry_id": entries[0]["entry_id"]}
        flow = await api.post("/api/config/config_entries/flow", fields)
    result = await api.post(
        f"/api/config/config_entries/flow/{flow['flow_id']}", {"url": aggregator_url, "token": admin_token}
    )
    if result["type"] != "create_entry" and result.get("reason") not in {
        "already_configured",
        "reconfigure_successful",
    }:
        raise HomeAssistantApiError("to add the integration", result.get("errors") or result.get("reason"))


async def ensure_dashboard(api: HomeAssistantApi) -> None:
    """Put the integration's dashboard into the sidebar, unless it is there."""
    dashboards = await api.command("lovelace/dashboards/list")
    if any(dashboard["url_path"] == DASHBOARD for dashboard in dashboards):
        return
    await api.command(
        "lovelace/dashboards/create",
        url_path=DASHBOARD,
        title="Ingestor",
        icon="mdi:text-box-search-outline",
        show_in_sidebar=True,
        require_admin=True,
    )
    strategy = {"strategy": {"type": f"custom:{DASHBOARD}"}}
    await api.command("lovelace/config/save", url_path=DASHBOARD, config=strategy)


async def _create_owner(api: HomeAssistantApi) -> Access:
    client_id = f"{api.url}/"
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    owner = {"name": "Admin", "username": _USERNAME, "password": password, "language": "en"}
    created = await api.post("/api/onboarding/users", {**owner, "client_id": client_id})
    granted = await api.post_form(
        "/auth/token",
        {"grant_type": "authorization_code", "code": created["auth_code"], "client_id": client_id},
    )
    api.token = granted["access_token"]
    token = await api.command(
        "auth/long_lived_access_token", client_name="HA Ingestor", lifespan=_TOKEN_LIFESPAN_DAYS
    )
    await api.command(
        "config/core/update", location_name="Home", unit_system="metric", language="en", country=_COUNTRY
    )
    return Access(_USERNAME, password, token)


async def _open_steps(api: HomeAssistantApi) -> set[str]:
    try:
        steps = await api.get("/api/onboarding")
    except HomeAssistantApiError as error:
        # Home Assistant has no such route any more once all is done.
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return set()
    return {step["step"] for step in steps if not step["done"]}


async def _finish_onboarding(api: HomeAssistantApi, open_steps: set[str]) -> None:
    client_id = f"{api.url}/"
    bodies: dict[str, dict[str, str]] = {
        "core_config": {},
        "analytics": {},
        "integration": {"client_id": client_id, "redirect_uri": client_id},
    }
    for step, body in bodies.items():
        if step in open_steps:
            await api.post(f"/api/onboarding/{step}", body)


def _load(file: Path) -> Access | None:
    try:
        return Access(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _save(file: Path, access: Access) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(asdict(access), stream)
