"""Set-up, re-authentication, reconfiguration and options against the real aggregator."""

import logging

import pytest
from aiohttp.test_utils import TestServer
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from custom_components.ha_ingestor.const import CONF_FORWARD_CORE_LOG, CONF_RETENTION_DAYS, DOMAIN
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from tests.aggregator_process import AggregatorProcess, free_port
from tests.integration.core_log import wait_for_lines


async def test_saves_url_and_token_that_work(hass: HomeAssistant, aggregator: AggregatorProcess) -> None:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {}

    result = await hass.config_entries.flow.async_configure(
        result["flow_id"],
        {CONF_URL: f" {aggregator.url}/ ", CONF_TOKEN: f" {aggregator.token('admin')}\n"},
    )
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "HA Ingestor (127.0.0.1)"
    assert result["data"] == {CONF_URL: aggregator.url, CONF_TOKEN: aggregator.token("admin")}
    assert result["options"] == {}
    assert result["result"].unique_id == result["result"].runtime_data.data.id
    assert result["result"].state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({CONF_URL: "no address"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "ftp://127.0.0.1:8480"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "http://127.0.0.1:99999"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "http://user:secret@127.0.0.1:8480"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: "http://127.0.0.1:8480/?token=secret"}, {CONF_URL: "invalid_url"}),
        ({CONF_URL: f"http://127.0.0.1:{free_port()}"}, {CONF_URL: "cannot_connect"}),
        ({CONF_TOKEN: "wrong"}, {CONF_TOKEN: "invalid_auth"}),
        ({CONF_TOKEN: "two words"}, {CONF_TOKEN: "invalid_auth"}),
        ({CONF_TOKEN: "zwölf"}, {CONF_TOKEN: "invalid_auth"}),
    ],
)
async def test_names_the_field_that_is_wrong_and_goes_on_once_it_is_right(
    hass: HomeAssistant, aggregator: AggregatorProcess, change: dict[str, str], errors: dict[str, str]
) -> None:
    right = {CONF_URL: aggregator.url, CONF_TOKEN: aggregator.token("admin")}
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}, data={**right, **change}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors

    result = await hass.config_entries.flow.async_configure(result["flow_id"], right)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("scope", ["read", "ingest"])
async def test_a_token_of_a_narrower_scope_is_refused(
    hass: HomeAssistant, aggregator: AggregatorProcess, scope: str
) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_USER},
        data={CONF_URL: aggregator.url, CONF_TOKEN: aggregator.token(scope)},
    )
    assert result["errors"] == {CONF_TOKEN: "missing_scope"}


async def test_a_server_that_is_no_aggregator_is_refused(
    hass: HomeAssistant, other_server: TestServer
) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_USER},
        data={CONF_URL: str(other_server.make_url("/")), CONF_TOKEN: "any"},
    )
    assert result["errors"] == {CONF_URL: "unexpected_answer"}


async def test_trying_the_token_changes_no_setting(
    hass: HomeAssistant, aggregator: AggregatorProcess
) -> None:
    before = aggregator.settings()
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_USER},
        data={CONF_URL: aggregator.url, CONF_TOKEN: aggregator.token("admin")},
    )
    assert aggregator.settings() == before


async def test_an_aggregator_added_again_by_another_address_keeps_its_entry_which_goes_there(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    await hass.async_add_executor_job(aggregator.stop)
    moved = AggregatorProcess(aggregator.data)
    await hass.async_add_executor_job(moved.start)
    right = {CONF_URL: moved.url, CONF_TOKEN: moved.token("admin")}
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER}, data=right)
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert loaded_entry.data == right
    assert hass.config_entries.async_loaded_entries(DOMAIN) == [loaded_entry]
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    await hass.async_add_executor_job(moved.stop)


async def test_an_aggregator_added_again_with_a_wrong_token_changes_nothing(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    before = dict(loaded_entry.data)
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}, data={CONF_URL: aggregator.url, CONF_TOKEN: "wrong"}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {CONF_TOKEN: "invalid_auth"}
    assert loaded_entry.data == before


async def test_two_aggregators_can_be_set_up(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, other_aggregator: AggregatorProcess
) -> None:
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_USER},
        data={CONF_URL: other_aggregator.url, CONF_TOKEN: other_aggregator.token("admin")},
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert hass.config_entries.async_loaded_entries(DOMAIN) == [loaded_entry, result["result"]]


async def test_an_entry_is_not_handed_to_another_aggregator(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, other_aggregator: AggregatorProcess
) -> None:
    before = dict(loaded_entry.data)
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_RECONFIGURE, "entry_id": loaded_entry.entry_id},
    )
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"],
        {CONF_URL: other_aggregator.url, CONF_TOKEN: other_aggregator.token("admin")},
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "wrong_aggregator"
    assert loaded_entry.data == before


async def test_a_new_token_is_not_taken_from_another_aggregator_at_the_same_address(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, other_aggregator: AggregatorProcess
) -> None:
    before = {**entry.data, CONF_URL: other_aggregator.url}
    hass.config_entries.async_update_entry(entry, data=before)
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_TOKEN: other_aggregator.token("admin")}
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "wrong_aggregator"
    assert entry.data == before


async def test_a_new_token_is_asked_for_until_it_works(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: "revoked"})
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["step_id"] == "reauth_confirm"

    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {CONF_TOKEN: "wrong"})
    assert result["errors"] == {CONF_TOKEN: "invalid_auth"}

    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {CONF_TOKEN: aggregator.token("admin")}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data == {CONF_URL: aggregator.url, CONF_TOKEN: aggregator.token("admin")}
    assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]


async def test_a_new_token_for_an_aggregator_that_is_away_says_so(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    await hass.async_add_executor_job(aggregator.stop)
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {CONF_TOKEN: "any"})
    assert result["errors"] == {"base": "cannot_connect"}


async def test_reconfiguring_keeps_the_token_that_is_left_empty(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    token = aggregator.token("admin")
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": loaded_entry.entry_id}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["data_schema"] is not None
    suggested = {str(field): field.description for field in result["data_schema"].schema}
    assert suggested == {CONF_URL: {"suggested_value": aggregator.url}, CONF_TOKEN: None}

    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {CONF_URL: f"http://127.0.0.1:{free_port()}"}
    )
    assert result["errors"] == {CONF_URL: "cannot_connect"}

    await hass.async_add_executor_job(aggregator.stop)
    moved = AggregatorProcess(aggregator.data)
    await hass.async_add_executor_job(moved.start)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {CONF_URL: moved.url})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert loaded_entry.data == {CONF_URL: moved.url, CONF_TOKEN: token}
    assert loaded_entry.state is ConfigEntryState.LOADED
    await hass.config_entries.async_unload(loaded_entry.entry_id)
    await hass.async_add_executor_job(moved.stop)


async def test_the_retention_is_read_from_and_written_to_the_aggregator(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    result = await hass.config_entries.options.async_init(loaded_entry.entry_id)
    assert result["type"] is FlowResultType.FORM
    assert result["data_schema"] is not None
    suggested = {str(field): field.description for field in result["data_schema"].schema}
    assert suggested == {
        CONF_RETENTION_DAYS: {"suggested_value": aggregator.settings()[CONF_RETENTION_DAYS]},
        CONF_FORWARD_CORE_LOG: {"suggested_value": False},
    }

    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {CONF_RETENTION_DAYS: 7, CONF_FORWARD_CORE_LOG: False}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert aggregator.settings()[CONF_RETENTION_DAYS] == 7
    assert loaded_entry.options == {CONF_FORWARD_CORE_LOG: False}
    assert loaded_entry.state is ConfigEntryState.LOADED


async def test_home_assistants_log_is_sent_once_the_option_says_so(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    present = aggregator.settings()[CONF_RETENTION_DAYS]
    result = await hass.config_entries.options.async_init(loaded_entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {CONF_RETENTION_DAYS: present, CONF_FORWARD_CORE_LOG: True}
    )
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_entry.options == {CONF_FORWARD_CORE_LOG: True}

    logging.getLogger("homeassistant.core").warning("the option is on")
    client = loaded_entry.runtime_data.client
    [row] = await wait_for_lines(client, '"the option is on"')
    assert row["logger"] == "homeassistant.core"

    result = await hass.config_entries.options.async_init(loaded_entry.entry_id)
    assert result["data_schema"] is not None
    suggested = {str(field): field.description for field in result["data_schema"].schema}
    assert suggested[CONF_FORWARD_CORE_LOG] == {"suggested_value": True}


async def test_options_of_an_aggregator_that_is_away_say_so(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    shown = await hass.config_entries.options.async_init(loaded_entry.entry_id)
    await hass.async_add_executor_job(aggregator.kill)

    result = await hass.config_entries.options.async_configure(
        shown["flow_id"], {CONF_RETENTION_DAYS: 7, CONF_FORWARD_CORE_LOG: False}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": "cannot_connect"}

    result = await hass.config_entries.options.async_init(loaded_entry.entry_id)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "cannot_connect"

    await hass.async_add_executor_job(aggregator.start)
    result = await hass.config_entries.options.async_configure(
        shown["flow_id"], {CONF_RETENTION_DAYS: 7, CONF_FORWARD_CORE_LOG: False}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert aggregator.settings()[CONF_RETENTION_DAYS] == 7


async def test_options_with_a_token_of_a_narrower_scope_say_so(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: aggregator.token("read")})
    assert await hass.config_entries.async_setup(entry.entry_id)
    result = await hass.config_entries.options.async_init(entry.entry_id)
    result = await hass.config_entries.options.async_configure(
        result["flow_id"], {CONF_RETENTION_DAYS: 7, CONF_FORWARD_CORE_LOG: False}
    )
    assert result["errors"] == {"base": "missing_scope"}
