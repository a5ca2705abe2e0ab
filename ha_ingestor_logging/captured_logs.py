"""What a program logs, for its own tests to look at."""

import re
from collections.abc import Callable
from typing import Any, Final

import orjson

from ha_ingestor_logging.levels import LEVEL_NAMES, parse_level
from ha_ingestor_logging.output import ImmediateOutput, Line
from ha_ingestor_logging.record_schema import problems_of_line
from ha_ingestor_logging.typed_fields import misfits

_FLUSH_TIMEOUT_S: Final = 30.0


class CapturedLogs(ImmediateOutput):
    """An output that keeps the lines.

    Args:
        flush: waits until everything that was logged has been written.
    """

    def __init__(self, flush: Callable[[float], bool]) -> None:
        self._flush_all = flush
        self._lines: list[bytes] = []

    @property
    def lines(self) -> list[bytes]:
        """All lines so far as they would be written, oldest first."""
        if not self._flush_all(_FLUSH_TIMEOUT_S):
            raise AssertionError(f"what was logged has not been rendered within {_FLUSH_TIMEOUT_S} s")
        return list(self._lines)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All records so far, oldest first."""
        return [orjson.loads(line) for line in self.lines]

    @property
    def messages(self) -> list[str]:
        """Their messages."""
        return [event["message"] for event in self.events]

    def matching(self, **expected: Any) -> list[dict[str, Any]]:
        """The records whose fields have all of these values.

        Args:
            expected: by field; a compiled pattern is searched in the field's text, ``level`` may be
                spelled in any way.
        """
        if isinstance(expected.get("level"), str):
            expected["level"] = LEVEL_NAMES[parse_level(expected["level"])]
        return [
            event
            for event in self.events
            if all(name in event and _fits(event[name], value) for name, value in expected.items())
        ]

    def assert_logged(self, **expected: Any) -> dict[str, Any]:
        """The first record that matches.

        Args:
            expected: as for ``matching``.

        Raises:
            AssertionError: there is none.
        """
        found = self.matching(**expected)
        if not found:
            logged = "".join(line.decode() for line in self.lines)
            raise AssertionError(f"nothing logged matches {expected}; there is:\n{logged or 'nothing'}")
        return found[0]

    def assert_valid(self) -> None:
        """Check all records against the schema, with fields under the names that they were logged by.

        Raises:
            AssertionError: one does not hold to it, or a field had to be renamed because it doesn't.
        """
        faulty = [
            f"{problem}\n    in {line.decode().rstrip()}"
            for line in self.lines
            for problem in (*problems_of_line(line), *misfits(orjson.loads(line)))
        ]
        if faulty:
            raise AssertionError("\n".join(faulty))

    def clear(self) -> None:
        """Forget all records so far."""
        self._lines = self._lines[len(self.lines) :]

    def write(self, lines: list[Line]) -> None:
        """Keep lines."""
        self._lines += [line for _, line in lines]


def _fits(value: Any, expected: Any) -> bool:
    if isinstance(expected, re.Pattern):
        return isinstance(value, str) and expected.search(value) is not None
    return bool(value == expected)
