import sys

import pytest

from ha_ingestor_logging.errors import ConfigurationError
from ha_ingestor_logging.settings import load_settings

BASE = "http://collector:4318"


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        (BASE, f"{BASE}/v1/logs"),
        (f"{BASE}/", f"{BASE}/v1/logs"),
        (f"{BASE}/v1/logs", f"{BASE}/v1/logs"),
        ("https://loki.example/otlp", "https://loki.example/otlp/v1/logs"),
    ],
)
def test_an_endpoint_is_an_address_or_its_base(given: str, endpoint: str) -> None:
    settings = load_settings({"otlp_endpoint": given}, {})
    assert settings.otlp_endpoint == endpoint
    assert settings.output == ("stdout", "otlp")


def test_headers_are_read_as_opentelemetry_writes_them() -> None:
    written = load_settings({"otlp_headers": "Authorization=Bearer%20a%3Db, X-Scope = one,"}, {})
    assert written.otlp_headers == {"Authorization": "Bearer a=b", "X-Scope": "one"}
    given = {"Authorization": "Bearer a%20b"}
    assert load_settings({"otlp_headers": given}, {}).otlp_headers == given
    assert "Bearer" not in repr(written)


@pytest.mark.parametrize(
    ("environment", "endpoint", "headers"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": f"{BASE}/x/"}, f"{BASE}/x/v1/logs", {}),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{BASE}/as/is"}, f"{BASE}/as/is", {}),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": "http://traces",
                "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": BASE,
                "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
            },
            BASE,
            {"a": "1"},
        ),
        (
            {
                "OTEL_EXPORTER_OTLP_ENDPOINT": BASE,
                "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
                "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "b=2",
            },
            f"{BASE}/v1/logs",
            {"b": "2"},
        ),
        (
            {
                "HA_INGESTOR_LOG_OTLP_ENDPOINT": "http://ours",
                "HA_INGESTOR_LOG_OTLP_HEADERS": "ours=1",
                "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": BASE,
                "OTEL_EXPORTER_OTLP_HEADERS": "a=1",
            },
            "http://ours/v1/logs",
            {"ours": "1"},
        ),
    ],
)
def test_opentelemetrys_variables_are_read_where_ours_are_not_set(
    environment: dict[str, str], endpoint: str, headers: dict[str, str]
) -> None:
    settings = load_settings({"output": "otlp"}, environment)
    assert (settings.otlp_endpoint, settings.otlp_headers) == (endpoint, headers)


def test_opentelemetrys_variables_alone_send_nothing() -> None:
    settings = load_settings({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": BASE})
    assert (settings.output, settings.otlp_endpoint) == (("stdout",), None)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "output otlp needs otlp_endpoint"),
        ({"HA_INGESTOR_LOG_OTLP_ENDPOINT": "collector:4317"}, "otlp_endpoint: expected http"),
        ({"HA_INGESTOR_LOG_OTLP_ENDPOINT": "http://u:p@host"}, "otlp_endpoint: must not hold a user"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "host"}, "OTEL_EXPORTER_OTLP_ENDPOINT: expected http"),
        ({"HA_INGESTOR_LOG_OTLP_HEADERS": "secret"}, "otlp_headers: expected NAME=VALUE"),
        ({"HA_INGESTOR_LOG_OTLP_HEADERS": "a b=secret"}, "otlp_headers: 'a b' or its value"),
        ({"HA_INGESTOR_LOG_OTLP_HEADERS": "a=se%0Acret"}, "otlp_headers: 'a' or its value"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "a=se%0Acret"}, "otlp_headers: 'a' or its value"),
    ],
)
def test_a_wrong_setting_is_named_without_a_secret(environment: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"output": "otlp"}, environment)
    assert told in str(caught.value)
    assert "cret" not in str(caught.value)


def test_without_its_packages_the_output_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ha_ingestor_logging.otlp_client", None)
    with pytest.raises(ConfigurationError, match=r"needs ha-ingestor-logging\[otlp\]"):
        load_settings({"otlp_endpoint": BASE}, {})
