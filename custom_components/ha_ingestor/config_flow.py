"""Set-up, re-authentication, reconfiguration and options, all in the user interface."""

import re
from typing import TYPE_CHECKING, Any, override

import probatio
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_TOKEN, CONF_URL, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from yarl import URL

from .const import CONF_FORWARD_CORE_LOG, CONF_RETENTION_DAYS, DOMAIN, MAX_RETENTION_DAYS, MIN_RETENTION_DAYS
from .coordinator import async_create_client
from .errors import (
    AggregatorApiError,
    AggregatorAuthenticationError,
    AggregatorConnectionError,
    AggregatorError,
    AggregatorScopeError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_URL_FIELD = TextSelector(TextSelectorConfig(type=TextSelectorType.URL, autocomplete="url"))
_TOKEN_FIELD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_RETENTION_FIELD = NumberSelector(
    NumberSelectorConfig(
        min=MIN_RETENTION_DAYS,
        max=MAX_RETENTION_DAYS,
        step=1,
        mode=NumberSelectorMode.BOX,
        unit_of_measurement=UnitOfTime.DAYS,
    )
)

_USER_SCHEMA = probatio.Schema(
    {probatio.Required(CONF_URL): _URL_FIELD, probatio.Required(CONF_TOKEN): _TOKEN_FIELD}
)
_RECONFIGURE_SCHEMA = probatio.Schema(
    {probatio.Required(CONF_URL): _URL_FIELD, probatio.Optional(CONF_TOKEN): _TOKEN_FIELD}
)
_REAUTH_SCHEMA = probatio.Schema({probatio.Required(CONF_TOKEN): _TOKEN_FIELD})
_OPTIONS_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_RETENTION_DAYS): probatio.All(_RETENTION_FIELD, probatio.Coerce(int)),
        probatio.Required(CONF_FORWARD_CORE_LOG): BooleanSelector(),
    }
)

_PLACEHOLDERS = {"example_url": "http://homeassistant.local:8480", "token_file": "tokens/admin"}
# Anything else can't be sent in a header.
_TOKEN = re.compile(r"[!-~]+")


class HaIngestorConfigFlow(ConfigFlow, domain=DOMAIN):
    """Asks for the aggregator's URL and token, and tries them before they are saved."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the options flow."""
        return HaIngestorOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Set up an aggregator."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_checked(user_input)
            if not errors:
                self._abort_if_unique_id_configured(updates=data)
                return self.async_create_entry(title=f"HA Ingestor ({URL(data[CONF_URL]).host})", data=data)
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(_USER_SCHEMA, user_input),
            errors=errors,
            description_placeholders=_PLACEHOLDERS,
        )

    async def async_step_reauth(
        self,
        entry_data: Mapping[str, Any],  # noqa: ARG002 - the flow interface passes it
    ) -> ConfigFlowResult:
        """Start over with another token after the aggregator refused the present one."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the new token."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_checked({**entry.data, **user_input})
            if not errors:
                self._abort_if_unique_id_mismatch(reason="wrong_aggregator")
                return self.async_update_reload_and_abort(entry, data=data)
            # The form has the token's field only.
            errors = {field if field == CONF_TOKEN else "base": error for field, error in errors.items()}
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=_REAUTH_SCHEMA,
            errors=errors,
            description_placeholders={**_PLACEHOLDERS, CONF_URL: entry.data[CONF_URL]},
        )

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the aggregator's URL, and its token where a new one is given."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data, errors = await self._async_checked({**entry.data, **user_input})
            if not errors:
                self._abort_if_unique_id_mismatch(reason="wrong_aggregator")
                return self.async_update_reload_and_abort(entry, data=data)
        # The saved token stays out of the browser.
        shown = {CONF_URL: entry.data[CONF_URL], **(user_input or {})}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(_RECONFIGURE_SCHEMA, shown),
            errors=errors,
            description_placeholders=_PLACEHOLDERS,
        )

    async def _async_checked(self, data: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Return URL and token as they are to be saved, and the errors by field.

        Without errors, the flow's unique ID is the aggregator's.
        """
        url = _normalized_url(data[CONF_URL])
        if url is None:
            return {}, {CONF_URL: "invalid_url"}
        checked = {CONF_URL: url, CONF_TOKEN: data[CONF_TOKEN].strip()}
        if not _TOKEN.fullmatch(checked[CONF_TOKEN]):
            return checked, {CONF_TOKEN: "invalid_auth"}
        client = async_create_client(self.hass, checked)
        try:
            await client.check_admin()
            stats = await client.stats()
        except AggregatorAuthenticationError as err:
            return checked, {CONF_TOKEN: _error_key(err)}
        except AggregatorError as err:
            return checked, {CONF_URL: _error_key(err)}
        # Another flow may be there that asks for this aggregator's new token.
        await self.async_set_unique_id(stats.id, raise_on_progress=False)
        return checked, {}


class HaIngestorOptionsFlow(OptionsFlowWithReload):
    """Shows and changes the settings that the aggregator owns, and which of Core's log it gets."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the retention, which isn't stored here, and whether Core's log is sent."""
        client = async_create_client(self.hass, self.config_entry.data)
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        try:
            if user_input is not None:
                await client.update_settings({CONF_RETENTION_DAYS: user_input[CONF_RETENTION_DAYS]})
                return self.async_create_entry(
                    data={CONF_FORWARD_CORE_LOG: user_input[CONF_FORWARD_CORE_LOG]}
                )
            shown = {
                CONF_RETENTION_DAYS: (await client.settings()).retention_days,
                CONF_FORWARD_CORE_LOG: self.config_entry.options.get(CONF_FORWARD_CORE_LOG, False),
            }
        except AggregatorError as err:
            if user_input is None:
                return self.async_abort(reason=_error_key(err), description_placeholders={"error": str(err)})
            shown = user_input
            placeholders = {"error": str(err)}
            refused = isinstance(err, AggregatorApiError) and err.details.get("field") == CONF_RETENTION_DAYS
            errors = {CONF_RETENTION_DAYS: "invalid_retention"} if refused else {"base": _error_key(err)}
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(_OPTIONS_SCHEMA, shown),
            errors=errors,
            description_placeholders=placeholders,
        )


def _normalized_url(text: str) -> str | None:
    """Return an HTTP address without a slash at its end, `None` for anything else."""
    try:
        url = URL(text.strip())
        valid = url.scheme in {"http", "https"} and url.host and not (url.user or url.query or url.fragment)
    except ValueError:
        return None
    return str(url).rstrip("/") if valid else None


def _error_key(err: AggregatorError) -> str:
    match err:
        case AggregatorScopeError():
            return "missing_scope"
        case AggregatorAuthenticationError():
            return "invalid_auth"
        case AggregatorConnectionError():
            return "cannot_connect"
        case _:
            return "unexpected_answer"
