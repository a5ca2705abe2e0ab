"""Settings that are changed while the aggregator runs; it owns them and keeps them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import orjson

from aggregator import limits
from aggregator.damaged_files import set_aside
from aggregator.errors import DiskFullError, InvalidFieldError
from aggregator.record.fields import LEVEL_SPELLINGS, LEVELS
from aggregator.store.files import write_atomically
from aggregator.store.keep.archive import check_folder
from aggregator.store.keep.policy import Policy, Rule
from aggregator.store.log.commit import FULL

_RETENTION_DAYS: Final = range(1, 3651)
_RETENTION_SIZE_MB: Final = range(10, 10_000_001)
_ACTIONS: Final = ("delete", "archive")
_MB: Final = 10**6


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings.

    Args:
        retention_days: how long records are kept that no rule is about.
        retention_size_mb: how large the store may be, in millions of bytes; None sets no limit.
        retention_rules: how long records of some levels and services are kept; the first match decides.
        retention_action: `delete` what is past, or `archive` it.
        archive_folder: where the archive is; None without one.
        search_archive: whether searches look through the archive too.
    """

    retention_days: int = 30
    retention_size_mb: int | None = None
    retention_rules: tuple[Rule, ...] = ()
    retention_action: str = _ACTIONS[0]
    archive_folder: str | None = None
    search_archive: bool = False

    @property
    def policy(self) -> Policy:
        """What the store is to keep."""
        size_bytes = None if self.retention_size_mb is None else self.retention_size_mb * _MB
        return Policy(
            self.retention_days,
            size_bytes,
            self.retention_rules,
            archive_folder=None if self.archive_folder is None else Path(self.archive_folder),
            archives=self.retention_action == "archive",
            searches_archive=self.search_archive,
        )

    def to_json(self) -> dict[str, object]:
        """Return the settings as clients get them, and as they are kept."""
        rules = [rule_to_json(rule) for rule in self.retention_rules]
        return asdict(self) | {"retention_rules": rules}

    def changed(self, changes: object) -> "Settings":
        """Return the settings with some of them changed.

        Args:
            changes: an object of setting → new value.

        Raises:
            InvalidFieldError: a setting is not known, or its value is out of its limits.
        """
        if not isinstance(changes, dict):
            raise InvalidFieldError("the body must be an object of settings", field="")
        for name in changes:
            if name not in _READERS:
                raise InvalidFieldError(f"{name}: no such setting", field=name)
        read: dict[str, Any] = {name: _READERS[name](name, value) for name, value in changes.items()}
        settings = replace(self, **read)
        settings.check_archive()
        return settings

    def check_archive(self) -> None:
        """Make sure that there is an archive if one is used.

        Raises:
            InvalidFieldError: there is none.
        """
        for name, wanted in (
            ("retention_action", self.retention_action == "archive"),
            ("search_archive", self.search_archive),
        ):
            if wanted and self.archive_folder is None:
                raise InvalidFieldError(f"{name}: an archive_folder is needed too", field=name)


class SettingsFile:
    """The settings, kept in a file.

    Args:
        path: the file; defaults hold while it is missing. When it is damaged it is set aside, and defaults
            hold for the settings in it that can't be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Two changes at once would each keep what it read, and the first of them would be lost.
        self._changing = threading.Lock()
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
        with self._changing:
            settings = self._settings.changed(changes)
            if settings.archive_folder not in {None, self._settings.archive_folder}:
                # Only when it is set: a share that is not mounted at a start must not stop it.
                try:
                    check_folder(Path(str(settings.archive_folder)), self._path.parent)
                except ValueError as error:
                    raise InvalidFieldError(f"archive_folder: {error}", field="archive_folder") from None
            try:
                self._keep(settings)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                raise DiskFullError("the disk is full: the settings stay as they were") from error
            self._settings = settings
            return settings

    def _keep(self, settings: Settings) -> None:
        write_atomically(self._path, orjson.dumps(settings.to_json()))


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
    # The others may need the folder.
    for name, value in sorted(entries.items(), key=lambda entry: entry[0] != "archive_folder"):
        try:
            settings = settings.changed({name: value})
        except InvalidFieldError as error:
            problems.append(error.message)
    return settings, problems


def rule_to_json(rule: Rule) -> dict[str, object]:
    """Return a rule as clients send and get it."""
    return {name: value for name, value in asdict(rule).items() if value is not None}


def _whole_number(name: str, value: object, allowed: range) -> int:
    if type(value) is not int or value not in allowed:
        raise InvalidFieldError(f"{name}: a whole number from {allowed[0]} to {allowed[-1]}", field=name)
    return value


def _days(name: str, value: object) -> int:
    return _whole_number(name, value, _RETENTION_DAYS)


def _size_mb(name: str, value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or value not in _RETENTION_SIZE_MB:
        first, last = _RETENTION_SIZE_MB[0], _RETENTION_SIZE_MB[-1]
        raise InvalidFieldError(f"{name}: a whole number from {first} to {last}, or null", field=name)
    return value


def _action(name: str, value: object) -> str:
    if value not in _ACTIONS:
        raise InvalidFieldError(f"{name}: one of {', '.join(_ACTIONS)}", field=name)
    return str(value)


def _folder(name: str, value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or "\0" in value or not Path(value).is_absolute()):
        raise InvalidFieldError(f"{name}: an absolute path, such as /share/ha_ingestor, or null", field=name)
    return value


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidFieldError(f"{name}: true or false", field=name)
    return value


def _rules(name: str, value: object) -> tuple[Rule, ...]:
    if not isinstance(value, list) or len(value) > limits.RETENTION_RULES:
        raise InvalidFieldError(f"{name}: a list of at most {limits.RETENTION_RULES} rules", field=name)
    return tuple(_rule(f"{name}[{number}]", rule) for number, rule in enumerate(value))


def _rule(name: str, value: object) -> Rule:
    if not isinstance(value, dict):
        raise InvalidFieldError(f"{name}: an object with days and level, service or both", field=name)
    for key in value:
        if key not in {"days", "level", "service"}:
            raise InvalidFieldError(f"{name}.{key}: no such key of a rule", field=f"{name}.{key}")
    rule = Rule(
        _days(f"{name}.days", value.get("days")),
        _level(f"{name}.level", value.get("level")),
        _service(f"{name}.service", value.get("service")),
    )
    if rule.level is None and rule.service is None:
        raise InvalidFieldError(f"{name}: a level or a service is needed, or both", field=name)
    return rule


def _level(name: str, value: object) -> str | None:
    if value is None:
        return None
    level = LEVEL_SPELLINGS.get(value.upper()) if isinstance(value, str) else None
    if level is None:
        raise InvalidFieldError(f"{name}: one of {', '.join(LEVELS)}", field=name)
    return level


def _service(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= limits.SERVICE_NAME_CHARACTERS:
        raise InvalidFieldError(
            f"{name}: a text of 1 to {limits.SERVICE_NAME_CHARACTERS} characters", field=name
        )
    return value


_READERS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "retention_days": _days,
    "retention_size_mb": _size_mb,
    "retention_rules": _rules,
    "retention_action": _action,
    "archive_folder": _folder,
    "search_archive": _switch,
}
