"""Which lines people want of each service: levels that the library follows while the service runs."""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from aggregator import limits
from aggregator.damaged_files import set_aside
from aggregator.errors import ConflictError, DiskFullError, InvalidFieldError
from aggregator.record.fields import LEVEL_SPELLINGS, LEVELS
from aggregator.store.files import write_atomically
from aggregator.store.log.commit import FULL

NO_LEVELS_VERSION: Final = "none"

_VERSION_BYTES: Final = 8
_LATEST_S: Final = 253_402_300_800  # the year 10000, which no answer can name
_LIFETIME_S: Final = range(1, 31 * 24 * 3600 + 1)


@dataclass(frozen=True, slots=True)
class WantedLevel:
    """The lowest level that is wanted of a logger.

    Args:
        level: one of the six names.
        until_s: when it is withdrawn by itself, in seconds since 1970; None for never.
    """

    level: str
    until_s: float | None = None


@dataclass(frozen=True, slots=True)
class WantedLevels:
    """The levels that are wanted of a service.

    Args:
        by_logger: each logger's, which is also that of the loggers below it; `*` stands for all others.
    """

    by_logger: Mapping[str, WantedLevel]

    @property
    def version(self) -> str:
        """Tells these levels from any others."""
        if not self.by_logger:
            return NO_LEVELS_VERSION
        content = orjson.dumps(_to_json(self), option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(content, digest_size=_VERSION_BYTES).hexdigest()

    def at(self, now_s: float) -> "WantedLevels":
        """Those that hold at a time, in seconds since 1970."""
        held = {
            logger: wanted
            for logger, wanted in self.by_logger.items()
            if wanted.until_s is None or wanted.until_s > now_s
        }
        return self if len(held) == len(self.by_logger) else WantedLevels(held)


@dataclass(frozen=True, slots=True)
class LevelChange:
    """What somebody asks for.

    Args:
        levels: a level by logger; None withdraws that logger's.
        lifetime_s: after how many seconds these are withdrawn by themselves; None for never.
    """

    levels: Mapping[str, str | None]
    lifetime_s: int | None = None

    @classmethod
    def read(cls, fields: Mapping[str, object]) -> "LevelChange":
        """Read it as clients send it.

        Raises:
            InvalidFieldError: a field is missing, unknown or out of its limits.
        """
        for name in fields:
            if name not in {"levels", "for_s"}:
                raise InvalidFieldError(f"{name}: no such field", field=name)
        levels = fields.get("levels")
        if not isinstance(levels, dict) or not 0 < len(levels) <= limits.LEVEL_LOGGERS:
            raise InvalidFieldError(
                f"levels: an object of 1 to {limits.LEVEL_LOGGERS} loggers and their levels", field="levels"
            )
        lifetime_s = fields.get("for_s")
        if lifetime_s is not None and (type(lifetime_s) is not int or lifetime_s not in _LIFETIME_S):
            raise InvalidFieldError(
                f"for_s: a whole number from {_LIFETIME_S[0]} to {_LIFETIME_S[-1]}, or null", field="for_s"
            )
        return cls({_logger(name): _level(name, level) for name, level in levels.items()}, lifetime_s)

    def added_to(self, held: WantedLevels, now_s: float) -> WantedLevels:
        """The levels that are wanted after it.

        Raises:
            InvalidFieldError: these are too many.
        """
        until_s = None if self.lifetime_s is None else now_s + self.lifetime_s
        others = {name: wanted for name, wanted in held.by_logger.items() if name not in self.levels}
        new = {name: WantedLevel(level, until_s) for name, level in self.levels.items() if level is not None}
        if len(others) + len(new) > limits.LEVEL_LOGGERS:
            raise InvalidFieldError(
                f"levels: at most {limits.LEVEL_LOGGERS} loggers of a service have one", field="levels"
            )
        return WantedLevels({**others, **new})


_NOTHING: Final = WantedLevels({})


class ServiceLevels:
    """The levels that are wanted of all services, kept in a file.

    Args:
        path: the file; nothing is wanted while it is missing. When it is damaged it is set aside, and what of
            it can be used holds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Two changes at once would each keep what it read, and the first of them would be lost.
        self._changing = threading.Lock()
        self._by_service: Mapping[str, WantedLevels] = {}
        if path.exists():
            self._by_service, problems = _read(path)
            if problems:
                set_aside(path, "; ".join(problems))
                self._keep(self._by_service)

    def of(self, service: str) -> WantedLevels:
        """What is wanted of a service now."""
        held = self._by_service.get(service)
        return _NOTHING if held is None else held.at(time.time())

    def all(self) -> Mapping[str, WantedLevels]:
        """What is wanted of each service now, of which anything is."""
        return _held(self._by_service, time.time())

    def replace(self, service: str, change: LevelChange) -> WantedLevels:
        """Want these levels of a service and no others.

        Raises:
            InvalidFieldError: the service's name is out of its limits.
            ConflictError: levels are wanted of as many services as may be.
            DiskFullError: there is no room to keep them; the old ones hold.
            OSError: the disk refuses to keep them for another reason; the old ones hold.
        """
        return self._change(service, lambda _, now_s: change.added_to(_NOTHING, now_s))

    def amend(self, service: str, change: LevelChange) -> WantedLevels:
        """Want these levels of a service besides those that are wanted of other loggers.

        Raises:
            AggregatorError: as for `replace`.
            InvalidFieldError: these are too many together.
        """
        return self._change(service, change.added_to)

    def withdraw(self, service: str) -> None:
        """Want nothing of a service; what it was configured with holds again.

        Raises:
            AggregatorError: as for `replace`.
        """
        self._change(service, lambda _held, _now_s: _NOTHING)

    def _change(self, service: str, changed: Callable[[WantedLevels, float], WantedLevels]) -> WantedLevels:
        name = check_service(service)
        with self._changing:
            now_s = time.time()
            held = _held(self._by_service, now_s)
            wanted = changed(held.get(name, _NOTHING), now_s)
            others = {known: levels for known, levels in held.items() if known != name}
            new = {**others, name: wanted} if wanted.by_logger else others
            if len(new) > limits.LEVEL_SERVICES:
                raise ConflictError(f"levels are wanted of {limits.LEVEL_SERVICES} services: withdraw some")
            try:
                self._keep(new)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                raise DiskFullError("the disk is full: the levels stay as they were") from error
            self._by_service = new
        return wanted

    def _keep(self, by_service: Mapping[str, WantedLevels]) -> None:
        content = {service: _to_json(wanted) for service, wanted in by_service.items()}
        write_atomically(self._path, orjson.dumps(content))


def check_service(name: str) -> str:
    """Return the name of a service.

    Raises:
        InvalidFieldError: it is out of its limits.
    """
    return _named("service", name, limits.SERVICE_NAME_CHARACTERS)


def _read(path: Path) -> tuple[Mapping[str, WantedLevels], list[str]]:
    """Read as much as can be used, and say what is wrong with the rest."""
    try:
        entries = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        return {}, [f"no JSON: {error}"]
    if not isinstance(entries, dict):
        return {}, ["no JSON object"]
    problems: list[str] = []
    by_service: dict[str, WantedLevels] = {}
    for service, levels in entries.items():
        try:
            by_service[check_service(service)] = _from_json(levels)
        except InvalidFieldError as error:
            problems.append(f"{service}: {error.message}")
    return by_service, problems


def _to_json(wanted: WantedLevels) -> dict[str, object]:
    return {
        logger: {"level": held.level, "until_s": held.until_s} for logger, held in wanted.by_logger.items()
    }


def _from_json(levels: object) -> WantedLevels:
    if not isinstance(levels, dict):
        raise InvalidFieldError("levels: no object", field="levels")
    by_logger: dict[str, WantedLevel] = {}
    for logger, held in levels.items():
        if not isinstance(held, dict):
            raise InvalidFieldError(f"{logger}: no object", field=logger)
        level = _level(logger, held.get("level"))
        if level is None:
            raise InvalidFieldError(f"{logger}: no level", field=logger)
        by_logger[_logger(logger)] = WantedLevel(level, _until_s(logger, held.get("until_s")))
    return WantedLevels(by_logger)


def _until_s(logger: str, value: object) -> float | None:
    if value is not None and (not isinstance(value, float | int) or not 0 <= value < _LATEST_S):
        raise InvalidFieldError(f"{logger}: no time", field=logger)
    return value


def _held(by_service: Mapping[str, WantedLevels], now_s: float) -> dict[str, WantedLevels]:
    held = {service: wanted.at(now_s) for service, wanted in by_service.items()}
    return {service: wanted for service, wanted in held.items() if wanted.by_logger}


def _logger(name: str) -> str:
    return _named("levels", name, limits.LOGGER_NAME_CHARACTERS)


def _named(field: str, name: str, characters: int) -> str:
    if not 0 < len(name) <= characters:
        raise InvalidFieldError(f"{field}: a name has 1 to {characters} characters", field=field)
    return name


def _level(logger: str, value: object) -> str | None:
    if value is None:
        return None
    level = LEVEL_SPELLINGS.get(value.upper()) if isinstance(value, str) else None
    if level is None:
        field = f"levels.{logger[: limits.LOGGER_NAME_CHARACTERS]}"
        raise InvalidFieldError(f"{field}: one of {', '.join(LEVELS)}, or null", field=field)
    return level
