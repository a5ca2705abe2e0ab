"""Settings that are changed while the aggregator runs; it owns them and keeps them."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from aggregator.damaged_files import set_aside
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
        path: the file; defaults hold while it is missing. When it is damaged it is set aside, and defaults
            hold for the settings in it that can't be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._settings = Settings()
        if path.exists():
            self._settings, problems = _read(path)
            if problems:
                set_aside(path, "; ".join(problems))
                self._keep(self._settings)

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
            self._keep(settings)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise DiskFullError("the disk is full: the settings stay as they were") from error
        self._settings = settings
        return settings

    def _keep(self, settings: Settings) -> None:
        write_atomically(self._path, orjson.dumps(asdict(settings)))


def _read(path: Path) -> tuple[Settings, list[str]]:
    """Read as many settings as can be used, and say what is wrong with the others."""
    settings = Settings()
    try:
        entries = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        return settings, [f"no JSON: {error}"]
    if not isinstance(entries, dict):
        return settings, ["no JSON object"]
    problems = []
    for name, value in entries.items():
        try:
            settings = _changed(settings, {name: value})
        except InvalidFieldError as error:
            problems.append(error.message)
    return settings, problems


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
