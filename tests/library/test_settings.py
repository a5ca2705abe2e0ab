import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.errors import ConfigurationError
from ha_ingestor_logging.settings import Settings, SettingsArguments, load_settings

PATTERN = re.compile("x")
HTTP = {"url": "http://aggregator:8480", "token": "secret"}


def test_defaults_are_a_service_that_writes_to_stdout() -> None:
    settings = load_settings({}, {})
    assert settings.service
    assert settings.host
    assert (settings.level, settings.output, settings.url) == (20, ("stdout",), None)


def test_arguments_win_over_the_environment() -> None:
    environment = {"HA_INGESTOR_LOG_SERVICE": "environment", "HA_INGESTOR_LOG_LEVEL": "error"}
    settings = load_settings({"service": "argument", "level": None}, environment)
    assert (settings.service, settings.level) == ("argument", 40)


def test_every_setting_can_come_from_the_environment_in_its_own_type() -> None:
    values = {
        "service": "s",
        "service_version": "1.0",
        "host": "h",
        "level": "debug",
        "levels": "aiohttp=warning, a.b=TRACE",
        "level_signals": "yes",
        "format": "Text",
        "output": "http, stdout",
        "url": "https://a.example:1/base/",
        "token": "t",
        "otlp_endpoint": "https://otlp.example",
        "otlp_headers": "X-Key=k",
        "queue_records": "11",
        "queue_size_bytes": "12",
        "delivery_size_bytes": "13",
        "batch_size_bytes": "14",
        "batch_interval_s": "0.25",
        "request_timeout_s": "1.5",
        "metrics_interval_s": "0",
        "remote_levels_interval_s": "5",
        "exit_timeout_s": "2",
        "repeat_interval_s": "60",
        "spool": "/var/spool/logs",
        "spool_size_bytes": "14000",
        "file": "/var/log/app.log",
        "file_size_bytes": "15000",
        "file_interval_s": "0",
        "file_compression": "GZip",
        "file_count_max": "16",
        "file_age_max_s": "17.5",
        "file_total_size_bytes": "0",
        "standard_library": "off",
        "warnings": "no",
        "uncaught_exceptions": "0",
        "redact": "door code, pin",
    }
    assert set(values) == {setting.name for setting in fields(Settings)}
    environment = {f"HA_INGESTOR_LOG_{name.upper()}": value for name, value in values.items()}
    assert load_settings({}, environment) == Settings(
        service="s",
        service_version="1.0",
        host="h",
        level=10,
        levels={"aiohttp": 30, "a.b": 5},
        level_signals=True,
        format="text",
        output=("http", "stdout"),
        url="https://a.example:1/base",
        token="t",
        otlp_endpoint="https://otlp.example/v1/logs",
        otlp_headers={"X-Key": "k"},
        queue_records=11,
        queue_size_bytes=12,
        delivery_size_bytes=13,
        batch_size_bytes=14,
        batch_interval_s=0.25,
        request_timeout_s=1.5,
        metrics_interval_s=0.0,
        remote_levels_interval_s=5.0,
        exit_timeout_s=2.0,
        repeat_interval_s=60.0,
        spool="/var/spool/logs",
        spool_size_bytes=14000,
        file="/var/log/app.log",
        file_size_bytes=15000,
        file_interval_s=0.0,
        file_compression="gzip",
        file_count_max=16,
        file_age_max_s=17.5,
        file_total_size_bytes=0,
        standard_library=False,
        warnings=False,
        uncaught_exceptions=False,
        redact=("door code", "pin"),
    )


def test_configure_takes_every_setting() -> None:
    assert set(SettingsArguments.__annotations__) == {setting.name for setting in fields(Settings)}


def test_an_empty_variable_is_an_unset_one() -> None:
    assert load_settings({}, {"HA_INGESTOR_LOG_URL": "", "HA_INGESTOR_LOG_LEVEL": ""}).level == 20


def test_a_url_turns_delivery_on() -> None:
    assert load_settings(HTTP, {}).output == ("stdout", "http")
    assert load_settings({**HTTP, "output": "stdout"}, {}).output == ("stdout",)
    assert load_settings({**HTTP, "output": "none"}, {}).output == ()


def test_a_file_turns_its_output_on() -> None:
    assert load_settings({"file": "a.log"}, {}).output == ("stdout", "file")
    assert load_settings({**HTTP, "file": "a.log"}, {}).output == ("stdout", "file", "http")
    assert load_settings({"file": "a.log", "output": "file"}, {}).output == ("file",)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [(True, ()), ("on", ()), (False, None), ("off", None), (["a", PATTERN], ("a", PATTERN))],
)
def test_redaction_is_turned_off_or_extended(given_value: object, expected: object) -> None:
    assert load_settings({"redact": given_value}, {}).redact == expected


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"output": "http"}, "http needs url and token"),
        ({"url": "http://aggregator"}, "http needs url and token"),
        ({"output": "printer"}, "printer is not one of stdout, file, http, otlp, none"),
        ({"output": "file"}, "output file needs file"),
        ({"file": "a.log", "file_size_bytes": -1}, "file_size_bytes: must be 0 or above"),
        ({"file_compression": "rar"}, "file_compression: 'rar' is not one of zstd, gzip, none"),
        ({**HTTP, "url": "aggregator:8480"}, "expected http://HOST:PORT"),
        ({**HTTP, "url": "ftp://aggregator"}, "expected http://HOST:PORT"),
        ({**HTTP, "url": "http://user:word@aggregator"}, "must not hold a user"),
        ({**HTTP, "url": "http://aggregator?token=1"}, "must not hold a user, a query"),
        ({"level": "loud"}, "'loud' is not one of"),
        ({"levels": "aiohttp"}, "levels: 'aiohttp' is not of the form LOGGER=LEVEL"),
        ({"levels": {"aiohttp": "loud"}}, "'loud' is not one of"),
        ({"levels": 5}, "levels: 5 is not of the right type"),
        ({"format": "xml"}, "format: xml is not one of auto, json, text"),
        ({"queue_records": 0}, "queue_records: must be above 0"),
        ({"queue_records": "many"}, "queue_records: 'many' is not of the right type"),
        ({"request_timeout_s": "nan"}, "request_timeout_s: must be above 0"),
        ({"batch_interval_s": -1}, "batch_interval_s: must be 0 or above"),
        ({"exit_timeout_s": "inf"}, "exit_timeout_s: must be 0 or above"),
        ({"standard_library": "perhaps"}, "standard_library: 'perhaps' is not of the right type"),
        ({"service": " "}, "service: must not be empty"),
        ({"redact": ["-"]}, "redact: a name must have letters"),
        ({"redact": 5}, "redact: 5 is not of the right type"),
        ({"spool_size_bytes": 0}, "spool_size_bytes: must be above 0"),
        ({"servce": "typo"}, "unknown settings: servce"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        load_settings(arguments, {})


def test_the_token_is_in_no_message() -> None:
    assert "secret" not in repr(load_settings(HTTP, {}))
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"url": "http://u:secret@aggregator", "token": "secret"}, {})
    assert "secret" not in str(caught.value)


@given(st.dictionaries(st.sampled_from([setting.name for setting in fields(Settings)]), st.text(max_size=20)))
def test_any_environment_gives_settings_or_a_configuration_error(values: dict[str, str]) -> None:
    environment = {f"HA_INGESTOR_LOG_{name.upper()}": value for name, value in values.items()}
    try:
        settings = load_settings({}, environment)
    except ConfigurationError:
        return
    assert settings.queue_records > 0
