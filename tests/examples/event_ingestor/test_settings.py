import pytest

from event_ingestor.settings import SettingsError, load_settings
from tests.aggregator_process import ROOT

ENVIRONMENT = {
    "HOME_ASSISTANT_URL": "http://home:8123/",
    "HOME_ASSISTANT_TOKEN": "secret-1",
    "INFLUXDB_URL": "http://database:8086/",
    "INFLUXDB_TOKEN": "secret-2",
}


def test_the_environment_is_read() -> None:
    settings = load_settings({**ENVIRONMENT, "INFLUXDB_ORG": "org", "INFLUXDB_BUCKET": "bucket"})
    assert (settings.home_assistant_url, settings.influxdb_url) == (
        "http://home:8123",
        "http://database:8086",
    )
    assert (settings.influxdb_org, settings.influxdb_bucket) == ("org", "bucket")


def test_organisation_and_bucket_have_defaults() -> None:
    settings = load_settings({**ENVIRONMENT, "INFLUXDB_BUCKET": ""})
    assert (settings.influxdb_org, settings.influxdb_bucket) == ("home", "home_assistant")


def test_ignored_entities_are_globs_with_commas_between() -> None:
    assert load_settings(ENVIRONMENT).ignored_entities == ()
    settings = load_settings({**ENVIRONMENT, "IGNORED_ENTITIES": "sensor.a_*, ,sun.sun,"})
    assert settings.ignored_entities == ("sensor.a_*", "sun.sun")


def test_all_missing_variables_are_named() -> None:
    with pytest.raises(SettingsError, match="set HOME_ASSISTANT_TOKEN, INFLUXDB_URL"):
        load_settings({**ENVIRONMENT, "HOME_ASSISTANT_TOKEN": "", "INFLUXDB_URL": ""})


@pytest.mark.parametrize("name", [*ENVIRONMENT, "INFLUXDB_ORG", "INFLUXDB_BUCKET", "IGNORED_ENTITIES"])
def test_every_variable_is_in_the_readme(name: str) -> None:
    readme = (ROOT / "examples/event_ingestor/README.md").read_text()
    assert f"| `{name}` |" in readme


def test_tokens_are_not_shown() -> None:
    assert "secret" not in repr(load_settings(ENVIRONMENT))
