"""Home Assistant's log on its way to the real aggregator, by the real handler of the root logger."""

import asyncio
import logging
import time

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_TOKEN, EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from custom_components.ha_ingestor import core_log
from custom_components.ha_ingestor.const import CONF_FORWARD_CORE_LOG, DOMAIN
from custom_components.ha_ingestor.coordinator import HaIngestorConfigEntry
from custom_components.ha_ingestor.core_log import CoreLogForwarder, async_core_log_forwarder
from custom_components.ha_ingestor.core_log_handler import OWN_LOGGERS, CoreLogHandler
from custom_components.ha_ingestor.errors import AggregatorConnectionError
from tests.aggregator_process import AggregatorProcess
from tests.integration.core_log import found, reload, wait_for_lines
from tests.integration.harness import ClientSessionGenerator, get_diagnostics_for_config_entry
from tests.integration.waiting import wait_until

UNSENT = "sensor.ha_ingestor_unsent_lines_of_home_assistant_s_log"
LOGGER = logging.getLogger("homeassistant.components.kitchen")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_log, "_INTERVAL_S", 0.05)
    monkeypatch.setattr(core_log, "_MIN_RETRY_S", 0.1)
    monkeypatch.setattr(core_log, "_MAX_RETRY_S", 0.2)


@pytest.fixture
async def forwarding(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> HaIngestorConfigEntry:
    """A config entry that is set up and sends Home Assistant's log."""
    hass.config_entries.async_update_entry(entry, options={CONF_FORWARD_CORE_LOG: True})
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


def forwarder_of(hass: HomeAssistant, entry: HaIngestorConfigEntry) -> CoreLogForwarder:
    forwarder = async_core_log_forwarder(hass, entry)
    assert forwarder is not None
    return forwarder


def handlers() -> list[logging.Handler]:
    return [handler for handler in logging.root.handlers if isinstance(handler, CoreLogHandler)]


async def test_a_record_arrives_with_its_level_logger_time_and_place(
    forwarding: HaIngestorConfigEntry,
) -> None:
    before_s = time.time()
    LOGGER.warning("The %s is open", "window")
    [row] = await wait_for_lines(forwarding.runtime_data.client, '"window is open" OR "The window is open"')
    assert row["level"] == "WARNING"
    assert row["logger"] == LOGGER.name
    assert row["service"] == "homeassistant"
    assert row["source"] == "home_assistant"
    assert row["message"] == "The window is open"
    assert row["file"] == __file__
    assert row["function"] == "test_a_record_arrives_with_its_level_logger_time_and_place"
    assert row["thread"] == "MainThread"
    assert row["line"] > 0
    assert (
        len(
            await found(
                forwarding.runtime_data.client,
                f"timestamp:[{before_s - 0.001:.6f} TO now] logger:{LOGGER.name}",
            )
        )
        == 1
    )


async def test_an_exception_arrives_as_one_record(forwarding: HaIngestorConfigEntry) -> None:
    try:
        raise ValueError("half open")  # noqa: TRY301
    except ValueError:
        LOGGER.exception("Something failed")
    [row] = await wait_for_lines(forwarding.runtime_data.client, '"Something failed"')
    assert row["level"] == "ERROR"
    assert row["exception_type"] == "ValueError"
    assert row["exception_message"] == "half open"
    assert row["exception"].startswith("Traceback (most recent call last):\n")
    assert row["exception"].endswith("ValueError: half open")


async def test_without_the_option_nothing_is_taken(
    hass: HomeAssistant, loaded_entry: HaIngestorConfigEntry
) -> None:
    assert handlers() == []
    assert async_core_log_forwarder(hass, loaded_entry) is None


async def test_what_the_integration_logs_is_left_out(forwarding: HaIngestorConfigEntry) -> None:
    logging.getLogger(f"{OWN_LOGGERS}.coordinator").error("of our own")
    logging.getLogger(OWN_LOGGERS).error("of our own")
    logging.getLogger(f"{OWN_LOGGERS}_of_others").error("not of our own")
    rows = await wait_for_lines(forwarding.runtime_data.client, '"of our own"')
    assert [row["message"] for row in rows] == ["not of our own"]


async def test_sending_causes_no_lines_however_much_the_http_client_logs(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = forwarding.runtime_data.client
    request = client._request

    async def talkative(*args: object, **options: object) -> bytes:
        logging.getLogger("aiohttp.client").warning("a request begins")
        asyncio.get_running_loop().call_soon(logging.getLogger("aiohttp.client").warning, "it goes on")
        return await request(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(client, "_request", talkative)
    LOGGER.warning("one line")
    await wait_until(lambda: forwarder_of(hass, forwarding).sent >= 1, "the line is sent")
    await asyncio.sleep(0.5)
    monkeypatch.undo()
    assert len(await wait_for_lines(forwarding.runtime_data.client, '"one line"')) == 1
    assert await found(forwarding.runtime_data.client, "logger:aiohttp.client") == []


async def test_lines_wait_for_an_aggregator_that_is_away_and_are_stored_once(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    await hass.async_add_executor_job(aggregator.kill)
    for number in range(500):
        LOGGER.warning("line %d while it is away", number)
    await asyncio.sleep(0.5)
    await hass.async_add_executor_job(aggregator.start)
    rows = await wait_for_lines(
        forwarding.runtime_data.client, '"while it is away"', lambda rows: len(rows) >= 500
    )
    assert [row["message"] for row in rows] == [f"line {number} while it is away" for number in range(500)]
    assert len({row["uid"] for row in rows}) == 500


async def test_a_batch_that_is_sent_again_is_stored_once(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = forwarding.runtime_data.client
    send = client.send_lines
    lost = [True, True]

    async def losing_answers(body: bytes, source: str) -> None:
        await send(body, source)
        if lost:
            lost.pop()
            raise AggregatorConnectionError("the answer was lost")

    monkeypatch.setattr(client, "send_lines", losing_answers)
    LOGGER.warning("sent three times")
    await wait_until(lambda: forwarder_of(hass, forwarding).sent > 0, "an answer arrives")
    assert lost == []
    assert len(await wait_for_lines(forwarding.runtime_data.client, '"sent three times"')) == 1


async def test_what_core_logs_before_the_aggregator_is_there_arrives(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    hass.config_entries.async_update_entry(entry, options={CONF_FORWARD_CORE_LOG: True})
    await hass.async_add_executor_job(aggregator.kill)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    LOGGER.error("early")
    await hass.async_add_executor_job(aggregator.start)
    await reload(hass, entry)
    assert hass.config_entries.async_loaded_entries(DOMAIN) == [entry]
    assert len(await wait_for_lines(entry.runtime_data.client, "early")) == 1
    assert len(handlers()) == 1


async def test_what_core_logs_while_another_token_is_asked_for_arrives(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_TOKEN: "revoked"}, options={CONF_FORWARD_CORE_LOG: True}
    )
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    LOGGER.error("without a token")
    (flow,) = hass.config_entries.flow.async_progress()
    await hass.config_entries.flow.async_configure(flow["flow_id"], {CONF_TOKEN: aggregator.token("admin")})
    await hass.async_block_till_done()
    assert len(await wait_for_lines(entry.runtime_data.client, '"without a token"')) == 1
    assert len(handlers()) == 1


async def test_what_waits_goes_to_the_new_address_of_the_aggregator(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    await hass.async_add_executor_job(aggregator.stop)
    LOGGER.error("between two addresses")
    moved = AggregatorProcess(aggregator.data)
    await hass.async_add_executor_job(moved.start)
    hass.config_entries.async_update_entry(forwarding, data={**forwarding.data, "url": moved.url})
    await reload(hass, forwarding)
    assert len(await wait_for_lines(forwarding.runtime_data.client, '"between two addresses"')) == 1
    await hass.config_entries.async_unload(forwarding.entry_id)
    await hass.async_add_executor_job(moved.stop)


async def test_unloading_sends_the_last_lines_and_leaves_no_handler_and_no_task(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry
) -> None:
    assert len(handlers()) == 1
    client = forwarding.runtime_data.client
    LOGGER.error("the last one")
    assert await hass.config_entries.async_unload(forwarding.entry_id)
    assert handlers() == []
    assert [task for task in asyncio.all_tasks() if DOMAIN in task.get_name()] == []
    assert len(await wait_for_lines(client, '"the last one"')) == 1


async def test_turning_the_option_off_ends_it(hass: HomeAssistant, forwarding: HaIngestorConfigEntry) -> None:
    assert hass.states.is_state(UNSENT, "0")
    hass.config_entries.async_update_entry(forwarding, options={CONF_FORWARD_CORE_LOG: False})
    await reload(hass, forwarding)
    assert handlers() == []
    assert hass.states.get(UNSENT) is None
    assert async_core_log_forwarder(hass, forwarding) is None


async def test_removing_the_entry_while_the_aggregator_is_away_leaves_nothing(
    hass: HomeAssistant, entry: HaIngestorConfigEntry, aggregator: AggregatorProcess
) -> None:
    hass.config_entries.async_update_entry(entry, options={CONF_FORWARD_CORE_LOG: True})
    await hass.async_add_executor_job(aggregator.kill)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert len(handlers()) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    assert handlers() == []
    assert async_core_log_forwarder(hass, entry) is None


async def test_home_assistants_stop_sends_the_last_lines(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry
) -> None:
    LOGGER.error("before the end")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert handlers() == []
    assert len(await wait_for_lines(forwarding.runtime_data.client, '"before the end"')) == 1


@pytest.mark.usefixtures("forwarding")
async def test_home_assistants_stop_does_not_wait_long_for_an_aggregator_that_is_away(
    hass: HomeAssistant,
    aggregator: AggregatorProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.async_add_executor_job(aggregator.kill)
    LOGGER.error("too late")
    begin = time.monotonic()
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert time.monotonic() - begin < 4
    assert "lines of Home Assistant's log couldn't be sent" in caplog.text


async def test_a_token_that_may_not_send_asks_for_a_repair_until_it_may(
    hass: HomeAssistant,
    entry: HaIngestorConfigEntry,
    aggregator: AggregatorProcess,
    issue_registry: ir.IssueRegistry,
) -> None:
    hass.config_entries.async_update_entry(
        entry,
        data={**entry.data, CONF_TOKEN: aggregator.token("read")},
        options={CONF_FORWARD_CORE_LOG: True},
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    LOGGER.error("not allowed yet")
    issue_id = f"core_log_refused_{entry.entry_id}"
    await wait_until(
        lambda: issue_registry.async_get_issue(DOMAIN, issue_id) is not None, "a repair is asked"
    )

    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_TOKEN: aggregator.token("admin")})
    await reload(hass, entry)
    assert len(await wait_for_lines(entry.runtime_data.client, '"not allowed yet"')) == 1
    assert issue_registry.async_get_issue(DOMAIN, issue_id) is None


async def test_secrets_are_hidden(forwarding: HaIngestorConfigEntry) -> None:
    token = forwarding.data[CONF_TOKEN]
    LOGGER.error("connecting with %s to mqtt://me:hunter22@broker, password=hunter22", token)
    try:
        raise RuntimeError("{'Authorization': 'Bearer hunter22hunter22'}")  # noqa: TRY301
    except RuntimeError:
        LOGGER.exception("connecting failed")
    rows = await wait_for_lines(
        forwarding.runtime_data.client, f"logger:{LOGGER.name}", lambda rows: len(rows) >= 2
    )
    assert "hunter22" not in str(rows)
    assert token not in str(rows)
    assert "**REDACTED**" in rows[0]["message"]
    assert "**REDACTED**" in rows[1]["exception_message"]


async def test_a_gap_is_told_in_the_log_itself(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.ha_ingestor.core_log_handler.MAX_UNRENDERED", 100)
    for number in range(300):
        LOGGER.info("news %d", number)
        LOGGER.error("trouble %d", number)
    counted = forwarder_of(hass, forwarding).handler.dropped
    client = forwarding.runtime_data.client
    gaps = await wait_for_lines(
        client,
        f"logger:{OWN_LOGGERS}",
        lambda rows: sum(row["dropped"] for row in rows) == counted.total(),
    )
    dropped = counted.total()
    assert set(counted) == {"full"}
    assert gaps[0]["level"] == "WARNING"
    assert gaps[0]["dropped_by_reason"] == {"full": gaps[0]["dropped"]}
    assert gaps[0]["message"].startswith(
        f"{gaps[0]['dropped']} lines of Home Assistant's log are missing before this one"
    )
    await wait_until(lambda: hass.states.is_state(UNSENT, str(counted.total())), "the sensor counts them")
    state = hass.states.get(UNSENT)
    assert state is not None
    assert state.attributes["by_reason"] == {"full": int(state.state)}
    errors = len(await found(client, f"logger:{LOGGER.name} level:error"))
    news = len(await found(client, f"logger:{LOGGER.name} level:info"))
    # Core itself logs some lines too, of which some are dropped.
    assert 600 - dropped <= errors + news <= 600
    # The other half of the room is for what is worse than news.
    assert errors >= 50
    assert news <= 25


async def test_lines_that_are_refused_for_good_are_counted_and_leave_the_others_alone(
    hass: HomeAssistant, forwarding: HaIngestorConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = forwarding.runtime_data.client
    send = client.send_lines
    # The aggregator itself finds nothing to refuse in what is really sent.
    broken = [b"this is no gzip"]

    async def spoiling(body: bytes, source: str) -> None:
        await send(broken.pop() if broken else body, source)

    monkeypatch.setattr(client, "send_lines", spoiling)
    LOGGER.error("spoilt")
    await wait_until(lambda: broken == [], "it is refused")
    LOGGER.error("sound")
    assert len(await wait_for_lines(client, "sound")) == 1
    assert await found(client, "spoilt") == []
    dropped = forwarder_of(hass, forwarding).handler.dropped
    assert set(dropped) == {"invalid_encoding"}
    [gap] = await wait_for_lines(client, f"logger:{OWN_LOGGERS}")
    assert gap["dropped_by_reason"] == dict(dropped)


async def test_diagnostics_tell_how_the_sending_goes(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, forwarding: HaIngestorConfigEntry
) -> None:
    LOGGER.error("one more")
    await wait_until(lambda: forwarder_of(hass, forwarding).sent > 0, "it is sent")
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, forwarding)
    assert diagnostics["options"] == {CONF_FORWARD_CORE_LOG: True}
    assert diagnostics["core_log"]["sent"] > 0
    assert diagnostics["core_log"]["dropped"] == {}
