"""Where lines go by OTLP, from our own settings or from OpenTelemetry's variables.

https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from ha_ingestor_logging.errors import ConfigurationError

_LOGS_PATH: Final = "/v1/logs"
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[ -~]*")


def parse_otlp_endpoint(value: str) -> str:
    """The address that takes logs.

    Args:
        value: that address, or the base address to which the protocol's path is added.

    Raises:
        ConfigurationError: it is no address.
    """
    endpoint = _checked("otlp_endpoint", value)
    return endpoint if endpoint.endswith(_LOGS_PATH) else endpoint.rstrip("/") + _LOGS_PATH


def parse_otlp_headers(value: str | Mapping[str, str]) -> dict[str, str]:
    """The headers that every request carries.

    Args:
        value: values by name, or ``name=value,name=value`` with percent-encoded values.

    Raises:
        ConfigurationError: an item is not of this form, or can't be sent.
    """
    if isinstance(value, str):
        items = [item.partition("=") for item in value.split(",") if item.strip()]
        if not all(separator for _, separator, _ in items):
            raise ConfigurationError("otlp_headers: expected NAME=VALUE with commas between")
        headers = {name.strip(): unquote(text.strip()) for name, _, text in items}
    else:
        headers = {str(name): str(text) for name, text in value.items()}
    for name, text in headers.items():
        # The value may be a secret, and what is wrong with it is seen without it.
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise ConfigurationError(f"otlp_headers: {name!r} or its value can't be sent as a header")
    return headers


def standard_otlp_settings(environment: Mapping[str, str]) -> dict[str, Any]:
    """The same settings from the variables that every OpenTelemetry exporter reads.

    Args:
        environment: the variables.

    Raises:
        ConfigurationError: a value is malformed.
    """
    settings: dict[str, Any] = {}
    if own := environment.get("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"):
        settings["otlp_endpoint"] = _checked("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", own)
    elif base := environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        settings["otlp_endpoint"] = _checked("OTEL_EXPORTER_OTLP_ENDPOINT", base).rstrip("/") + _LOGS_PATH
    headers = environment.get("OTEL_EXPORTER_OTLP_LOGS_HEADERS") or environment.get(
        "OTEL_EXPORTER_OTLP_HEADERS"
    )
    if headers:
        settings["otlp_headers"] = parse_otlp_headers(headers)
    return settings


def _checked(name: str, value: str) -> str:
    text = value.strip()
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"{name}: expected http://HOST:PORT or https://HOST:PORT")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(f"{name}: must not hold a user, a query or a fragment; use otlp_headers")
    return text
