"""The library's settings: arguments first, then the environment, then defaults."""

import math
import os
import re
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import import_module
from typing import Any, Final, TypedDict
from urllib.parse import urlsplit

from ha_ingestor_logging.errors import ConfigurationError
from ha_ingestor_logging.level_rules import parse_levels
from ha_ingestor_logging.levels import INFO, parse_level
from ha_ingestor_logging.otlp_settings import (
    parse_otlp_endpoint,
    parse_otlp_headers,
    standard_otlp_settings,
)
from ha_ingestor_logging.program_name import program_name

ENVIRONMENT_PREFIX: Final = "HA_INGESTOR_LOG_"

_OUTPUTS: Final = ("stdout", "file", "http", "otlp")
_SETTING_BY_OUTPUT: Final = {"file": "file", "http": "url", "otlp": "otlp_endpoint"}
_FORMATS: Final = ("auto", "json", "text")
_COMPRESSIONS: Final = ("zstd", "gzip", "none")
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})

_ABOVE_ZERO: Final = (
    "queue_records",
    "queue_size_bytes",
    "delivery_size_bytes",
    "batch_size_bytes",
    "request_timeout_s",
    "spool_size_bytes",
)
_ZERO_OR_ABOVE: Final = (
    "batch_interval_s",
    "metrics_interval_s",
    "remote_levels_interval_s",
    "exit_timeout_s",
    "repeat_interval_s",
    "file_size_bytes",
    "file_interval_s",
    "file_count_max",
    "file_age_max_s",
    "file_total_size_bytes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one process logs.

    Args:
        service: the program's name.
        service_version: the program's version.
        host: the machine's or container's name.
        level: the lowest level that is logged.
        levels: the same for a logger and those below it, by its name.
        level_signals: whether SIGUSR1 and SIGUSR2 change the level.
        format: how standard output looks: ``json``, ``text``, or ``auto`` for text on a terminal.
        output: any of ``stdout``, ``file``, ``http`` and ``otlp``, empty for none.
        url: the aggregator's base URL.
        token: the aggregator's ingest token.
        otlp_endpoint: the address that takes logs by OTLP over HTTP.
        otlp_headers: headers of each request there, such as a token.
        queue_records: log calls that may wait for the background thread.
        queue_size_bytes: memory that they may take together, roughly.
        delivery_size_bytes: memory of the lines that wait for the aggregator, compressed.
        batch_size_bytes: the lines of one request, before compression.
        batch_interval_s: how long lines are gathered for one request.
        request_timeout_s: when a request to the aggregator is given up.
        metrics_interval_s: how often metrics are pushed to the aggregator; 0 for never.
        remote_levels_interval_s: how often a service that sends nothing asks the aggregator which levels
            people have set there; 0 for never following it.
        exit_timeout_s: how long the exit may wait for delivery.
        repeat_interval_s: how often a line is written that is logged again and again; 0 for always.
        spool: a folder for lines while the aggregator is away; none for memory only.
        spool_size_bytes: what the files in it may take.
        file: the file that output ``file`` appends to.
        file_size_bytes: when a new file is begun; 0 for never by size.
        file_interval_s: a new file is begun at each multiple of it since 1970 (UTC); 0 for never by time.
        file_compression: what old files become: ``zstd``, ``gzip`` or ``none``.
        file_count_max: old files that are kept; 0 for any number.
        file_age_max_s: how long old files are kept after their last line; 0 for ever.
        file_total_size_bytes: what old files may take together; 0 for no bound.
        standard_library: whether the standard library's ``logging`` goes into the same stream.
        warnings: whether what ``warnings.warn`` says does.
        uncaught_exceptions: whether exceptions that nobody caught do.
        redact: names and patterns that are secret besides the known ones; ``None`` hides nothing.
    """

    service: str = field(default_factory=program_name)
    service_version: str | None = None
    host: str = field(default_factory=socket.gethostname)
    level: int = INFO
    levels: Mapping[str, int] = field(default_factory=dict)
    level_signals: bool = False
    format: str = "auto"
    output: tuple[str, ...] = ("stdout",)
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    otlp_endpoint: str | None = None
    otlp_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    queue_records: int = 100_000
    queue_size_bytes: int = 64 * 2**20
    delivery_size_bytes: int = 32 * 2**20
    batch_size_bytes: int = 2**20
    batch_interval_s: float = 0.5
    request_timeout_s: float = 10.0
    metrics_interval_s: float = 15.0
    remote_levels_interval_s: float = 30.0
    exit_timeout_s: float = 5.0
    repeat_interval_s: float = 0.0
    spool: str | None = None
    spool_size_bytes: int = 256 * 2**20
    file: str | None = None
    file_size_bytes: int = 16 * 2**20
    file_interval_s: float = 86_400.0
    file_compression: str = "zstd"
    file_count_max: int = 30
    file_age_max_s: float = 0.0
    file_total_size_bytes: int = 256 * 2**20
    standard_library: bool = True
    warnings: bool = True
    uncaught_exceptions: bool = True
    redact: tuple[str | re.Pattern[str], ...] | None = ()


class SettingsArguments(TypedDict, total=False):
    """The same settings as ``configure`` takes them; ``None`` is as good as leaving one out."""

    service: str | None
    service_version: str | None
    host: str | None
    level: str | int | None
    levels: str | Mapping[str, str | int] | None
    level_signals: bool | None
    format: str | None
    output: str | Sequence[str] | None
    url: str | None
    token: str | None
    otlp_endpoint: str | None
    otlp_headers: str | Mapping[str, str] | None
    queue_records: int | None
    queue_size_bytes: int | None
    delivery_size_bytes: int | None
    batch_size_bytes: int | None
    batch_interval_s: float | None
    request_timeout_s: float | None
    metrics_interval_s: float | None
    remote_levels_interval_s: float | None
    exit_timeout_s: float | None
    repeat_interval_s: float | None
    spool: str | None
    spool_size_bytes: int | None
    file: str | None
    file_size_bytes: int | None
    file_interval_s: float | None
    file_compression: str | None
    file_count_max: int | None
    file_age_max_s: float | None
    file_total_size_bytes: int | None
    standard_library: bool | None
    warnings: bool | None
    uncaught_exceptions: bool | None
    redact: bool | str | Sequence[str | re.Pattern[str]] | None


def load_settings(arguments: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from ``configure``'s arguments and, where these are ``None``, from the environment.

    Args:
        arguments: values by setting name.
        environment: variables ``HA_INGESTOR_LOG_`` + the setting's name in capitals.

    Raises:
        ConfigurationError: a value is malformed or out of its limits, or two don't go together.
    """
    unknown = set(arguments) - {setting.name for setting in fields(Settings)}
    if unknown:
        raise ConfigurationError(f"unknown settings: {', '.join(sorted(unknown))}")
    given: dict[str, Any] = {}
    for setting in fields(Settings):
        value = arguments.get(setting.name)
        if value is None:
            # An empty variable is what compose files make from an unset one.
            value = environment.get(ENVIRONMENT_PREFIX + setting.name.upper()) or None
        if value is not None:
            given[setting.name] = _parse(setting.name, setting.type, value)
    if "output" not in given:
        wanted = {"stdout", *(name for name, setting in _SETTING_BY_OUTPUT.items() if given.get(setting))}
        given["output"] = tuple(name for name in _OUTPUTS if name in wanted)
    if "otlp" in given["output"]:
        given = {**standard_otlp_settings(environment), **given}
    settings = Settings(**given)
    _check(settings)
    return settings


def _parse(name: str, kind: object, value: Any) -> Any:
    parser = _PARSER_BY_NAME.get(name) or _PARSER_BY_TYPE.get(kind, _parse_text)
    try:
        return parser(value)
    except ConfigurationError:
        raise
    except (AttributeError, TypeError, ValueError):
        raise ConfigurationError(f"{name}: {value!r} is not of the right type") from None


def _parse_text(value: object) -> str:
    return str(value).strip()


def _parse_bool(value: bool | str) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(value)


def _parse_output(value: str | Sequence[str]) -> tuple[str, ...]:
    names = [name.strip().lower() for name in (value.split(",") if isinstance(value, str) else value)]
    chosen = tuple(name for name in names if name and name != "none")
    unknown = set(chosen) - set(_OUTPUTS)
    if unknown:
        raise ConfigurationError(
            f"output: {', '.join(sorted(unknown))} is not one of {', '.join(_OUTPUTS)}, none"
        )
    return chosen


def _parse_format(value: str) -> str:
    chosen = value.strip().lower()
    if chosen not in _FORMATS:
        raise ConfigurationError(f"format: {chosen} is not one of {', '.join(_FORMATS)}")
    return chosen


def _parse_redact(
    value: bool | str | Sequence[str | re.Pattern[str]],
) -> tuple[str | re.Pattern[str], ...] | None:
    if isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in _TRUE | _FALSE):
        return () if _parse_bool(value) else None
    given = value.split(",") if isinstance(value, str) else value
    secrets = tuple(item.strip() if isinstance(item, str) else item for item in given)
    if not all(isinstance(item, re.Pattern) or re.search(r"\w", item) for item in secrets):
        raise ConfigurationError("redact: a name must have letters")
    return secrets


def _parse_compression(value: str) -> str:
    name = value.strip().lower()
    if name not in _COMPRESSIONS:
        raise ConfigurationError(f"file_compression: {value!r} is not one of {', '.join(_COMPRESSIONS)}")
    return name


def _parse_url(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError("url: expected http://HOST:PORT or https://HOST:PORT")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError("url: must not hold a user, a query or a fragment; a token goes into token")
    return value.strip().rstrip("/")


_PARSER_BY_NAME: Final[dict[str, Callable[[Any], object]]] = {
    "level": parse_level,
    "levels": parse_levels,
    "format": _parse_format,
    "output": _parse_output,
    "url": _parse_url,
    "otlp_endpoint": parse_otlp_endpoint,
    "otlp_headers": parse_otlp_headers,
    "redact": _parse_redact,
    "file_compression": _parse_compression,
}
_PARSER_BY_TYPE: Final[dict[object, Callable[[Any], object]]] = {bool: _parse_bool, int: int, float: float}


def _check(settings: Settings) -> None:
    if not settings.service:
        raise ConfigurationError("service: must not be empty")
    if "http" in settings.output and not (settings.url and settings.token):
        raise ConfigurationError("output http needs url and token")
    if "otlp" in settings.output:
        _check_otlp(settings)
    if "file" in settings.output and not settings.file:
        raise ConfigurationError("output file needs file")
    if sys.platform == "win32" and (settings.spool or "file" in settings.output):
        raise ConfigurationError("spool and output file need file locks that Windows doesn't have")
    for name in _ABOVE_ZERO:
        if not 0 < getattr(settings, name) < math.inf:
            raise ConfigurationError(f"{name}: must be above 0")
    for name in _ZERO_OR_ABOVE:
        if not 0 <= getattr(settings, name) < math.inf:
            raise ConfigurationError(f"{name}: must be 0 or above")


def _check_otlp(settings: Settings) -> None:
    if not settings.otlp_endpoint:
        raise ConfigurationError("output otlp needs otlp_endpoint")
    try:
        # Now, as a configuration that can't be applied must leave the old one in place.
        import_module("ha_ingestor_logging.otlp_client")
    except ImportError as error:
        raise ConfigurationError("output otlp needs ha-ingestor-logging[otlp]") from error
