"""Hides secrets in what is about to leave the process."""

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final, TypeGuard

import orjson

from ha_ingestor_logging.message import safe_repr
from ha_ingestor_logging.plain_json import to_json
from ha_ingestor_logging.secret_patterns import (
    MARK,
    SECRET_NAME_TRIGGERS,
    SECRET_NAMES,
    SHAPES,
    SecretPattern,
    assignments,
    lower_case,
)
from ha_ingestor_logging.trigger_search import any_of

# Texts and names found clean are remembered: entity IDs, domains and messages come again and again.
_REMEMBERED_MAX: Final = 4096
_REMEMBERED_LENGTH_MAX: Final = 128

_UNREMARKABLE: Final = frozenset({int, float, bool, type(None)})
_SEPARATORS: Final = re.compile(r"[_\-. ]+")


class Redactor:
    """Replaces secrets, known by the name they stand under or by their shape, with a mark.

    Args:
        further: names, whose last words count as those of the known ones do, and patterns to look
            for in all texts; of a pattern with a group ``secret`` only that is hidden.
    """

    def __init__(self, further: Iterable[str | re.Pattern[str]] = ()) -> None:
        given = tuple(further)
        words = [_SEPARATORS.split(name.strip(" _-.").lower()) for name in given if isinstance(name, str)]
        names = (*SECRET_NAMES, *(r"[_\-. ]?".join(map(re.escape, parts)) for parts in words))
        triggers = (*SECRET_NAME_TRIGGERS, *(max(parts, key=len) for parts in words))
        self._secret_name = re.compile(f"(?:{'|'.join(names)})(?P<plural>s?)$")
        self._patterns = (
            # First, since what stands behind "authorization=" is more than one word.
            *SHAPES,
            *assignments(names, triggers),
            *(SecretPattern(pattern) for pattern in given if isinstance(pattern, re.Pattern)),
        )
        every = {trigger for pattern in self._patterns for trigger in pattern.triggers}
        if any(not pattern.triggers for pattern in self._patterns):
            every = {""}
        # A trigger that holds another one adds nothing.
        self._triggers = [one for one in every if not any(other != one and other in one for other in every)]
        self._any_trigger = any_of(self._triggers)
        self._clean: set[str] = set()
        self._clean_names: set[str] = set()
        self._secret_names: set[str] = set()

    def record(self, record: Mapping[Any, Any]) -> Mapping[Any, Any]:
        """A record's fields without any known secret; the same mapping when it holds none.

        Args:
            record: values of any type; what is not text or a number comes back as JSON would show it.
        """
        clean = self._clean
        if self._clean_names.issuperset(record):
            for value in record.values():
                if type(value) is str:
                    if value not in clean and self.text(value) is not value:
                        break
                elif type(value) not in _UNREMARKABLE:
                    break
            else:
                return record
        redacted: dict[Any, Any] = {}
        for name, value in record.items():
            text, is_secret = self._learn(name if isinstance(name, str) else safe_repr(name))
            redacted[text] = MARK if is_secret and self._hides(text, value) else self._value(value)
        return redacted

    def text(self, text: str) -> str:
        """Text with its secrets hidden."""
        lowered = lowered_now = lower_case(text)
        if not self._is_suspicious(lowered):
            self._remember(text)
            return text
        redacted = text
        for pattern in self._patterns:
            if not pattern.triggers or any(trigger in lowered for trigger in pattern.triggers):
                hidden = pattern.hide(redacted, lowered_now)
                if hidden is not redacted:
                    redacted, lowered_now = hidden, lower_case(hidden)
        if redacted == text:
            self._remember(text)
        return redacted

    def _is_suspicious(self, lowered: str) -> bool:
        if len(lowered) < _REMEMBERED_LENGTH_MAX:
            return self._any_trigger.search(lowered) is not None
        # One after the other is faster in long texts.
        for trigger in self._triggers:  # noqa: SIM110 - half the time of any()
            if trigger in lowered:
                return True
        return False

    def _remember(self, text: str) -> None:
        if len(text) <= _REMEMBERED_LENGTH_MAX:
            if len(self._clean) >= _REMEMBERED_MAX:
                self._clean.clear()
            self._clean.add(text)

    def _learn(self, name: str) -> tuple[str, bool]:
        """Remember whether a name stands for a secret; the name itself may hold one, too."""
        if name in self._clean_names:
            return name, False
        if name in self._secret_names:
            return name, True
        name = self.text(name)
        is_secret = self._is_secret(name)
        known = self._secret_names if is_secret else self._clean_names
        if len(known) >= _REMEMBERED_MAX:
            known.clear()
        known.add(name)
        return name, is_secret

    def _is_secret(self, name: str) -> bool:
        return self._secret_name.search(name.lower()) is not None

    def _hides(self, name: str, value: object) -> bool:
        """Whether a value under a secret's name is one: not when it is none, a flag or a count of tokens."""
        if value is None or isinstance(value, bool) or value == "":
            return False
        return not (isinstance(value, int | float) and name.lower().endswith("s"))

    def _value(self, value: object) -> Any:
        if type(value) is str:
            return self.text(value)
        if type(value) in _UNREMARKABLE:
            return value
        data = to_json(value)
        if not self._is_suspicious(data.decode().lower()):
            return orjson.Fragment(data)
        return self._plain(orjson.loads(data))

    def _plain(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case dict():
                return {
                    self.text(name): MARK
                    if self._is_secret(name) and self._hides(name, item)
                    else self._plain(item)
                    for name, item in value.items()
                }
            case [str() as name, item] if self._is_secret(name) and self._hides(name, item):
                # A list of pairs, as headers are.
                return [name, MARK]
            case list():
                return [
                    MARK if self._is_option(before) and self._hides(before, item) else self._plain(item)
                    for before, item in zip(chain([None], value), value, strict=False)
                ]
        return value

    def _is_option(self, argument: object) -> TypeGuard[str]:
        """Whether it stands before a secret in a list of a command's arguments."""
        return isinstance(argument, str) and argument.startswith("-") and self._is_secret(argument)
