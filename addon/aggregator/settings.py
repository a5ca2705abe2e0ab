"""Settings that are changed while the aggregator runs; it owns them and keeps them."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from aggregator.errors import DiskFullError, InvalidFieldError
from aggregator.store.commit import FULL
from aggregator.store.files import write_atomically

_RETENTION_DAYS = range(1, 3651)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings.

    Args:
        retention_days: how long records are kept.
    """

    retention_days: int = 30


class SettingsFile:
    """The settings, kept in a file.

    Args:
        path: the file; defaults hold while it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._settings = Settings()
        if path.exists():
            self._settings = _changed(self._settings, orjson.loads(path.read_bytes()))

    @property
    def settings(self) -> Settings:
        """The present settings."""
        return self._settings

    def change(self, changes: object) -> Settings:
        """Change some settings and keep them.

        Args:
            changes: an object of setting → new value.

        Raises:
            InvalidFieldError: a setting is not known, or its value is out of its limits.
            DiskFullError: there is no room to keep them; the old ones hold.
            OSError: the disk refuses to keep them for another reason; the old ones hold.
        """
        settings = _changed(self._settings, changes)
        try:
            write_atomically(self._path, orjson.dumps(asdict(settings)))
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise DiskFullError("the disk is full: the settings stay as they were") from error
        self._settings = settings
        return settings


def _changed(settings: Settings, changes: object) -> Settings:
    if not isinstance(changes, dict):
        raise InvalidFieldError("the body must be an object of settings", field="")
    for name in changes:
        if name != "retention_days":
            raise InvalidFieldError(f"{name}: no such setting", field=name)
    days = changes.get("retention_days", settings.retention_days)
    if type(days) is not int or days not in _RETENTION_DAYS:
        raise InvalidFieldError(
            f"retention_days: a whole number from {_RETENTION_DAYS[0]} to {_RETENTION_DAYS[-1]}",
            field="retention_days",
        )
    return replace(settings, retention_days=days)
