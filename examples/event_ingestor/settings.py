"""The service's settings, from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingsError(ValueError):
    """A variable is missing or malformed."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where events come from and where points go.

    Args:
        home_assistant_url: Home Assistant's base URL.
        home_assistant_token: a long-lived access token.
        influxdb_url: the database's base URL, before ``/api/v2/write``.
        influxdb_token: the database's token.
        influxdb_org: the organisation that owns the bucket.
        influxdb_bucket: where points are written.
        batch_points: points in one write at most.
        batch_interval_s: how long points are gathered for one write.
        buffer_points: points that wait at most while the database is away.
        write_timeout_s: when a write is given up.
        ignored_entities: globs of the entity ids whose state changes are left out.
        stop_timeout_s: how long the last write may take when the service is stopped.
    """

    home_assistant_url: str
    home_assistant_token: str = field(repr=False)
    influxdb_url: str
    influxdb_token: str = field(repr=False)
    influxdb_org: str = "home"
    influxdb_bucket: str = "home_assistant"
    ignored_entities: tuple[str, ...] = ()
    batch_points: int = 200
    batch_interval_s: float = 1.0
    buffer_points: int = 50_000
    write_timeout_s: float = 5.0
    stop_timeout_s: float = 8.0


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from environment variables.

    Args:
        environment: the variables that the README names.

    Raises:
        SettingsError: one is missing.
    """
    required = ("HOME_ASSISTANT_URL", "HOME_ASSISTANT_TOKEN", "INFLUXDB_URL", "INFLUXDB_TOKEN")
    missing = [name for name in required if not environment.get(name)]
    if missing:
        raise SettingsError(f"set {', '.join(missing)}")
    return Settings(
        home_assistant_url=environment["HOME_ASSISTANT_URL"].rstrip("/"),
        home_assistant_token=environment["HOME_ASSISTANT_TOKEN"],
        influxdb_url=environment["INFLUXDB_URL"].rstrip("/"),
        influxdb_token=environment["INFLUXDB_TOKEN"],
        influxdb_org=environment.get("INFLUXDB_ORG") or Settings.influxdb_org,
        influxdb_bucket=environment.get("INFLUXDB_BUCKET") or Settings.influxdb_bucket,
        ignored_entities=tuple(
            glob.strip() for glob in environment.get("IGNORED_ENTITIES", "").split(",") if glob.strip()
        ),
    )
