"""What a decoder makes of a body."""

from collections import Counter
from dataclasses import dataclass

from aggregator import limits


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with one line.

    Args:
        line: its number in the body, from 1.
        message: what is wrong, and what became of the line.
        reason: why it was refused, as it is counted; None when it was kept.
    """

    line: int
    message: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded body.

    Args:
        lines: each line a JSON object and ended by a newline.
        rows: how many lines.
        errors: what was wrong, in the order of the body.
    """

    lines: bytes
    rows: int
    errors: list[LineError]

    def refused(self) -> Counter[str]:
        """How many lines were refused for each reason."""
        return Counter(error.reason for error in self.errors if error.reason is not None)

    def refusals(self, items: str, item: str) -> list[str]:
        """Say which items were refused and why: a line of how many, then one for each of the first.

        Args:
            items: what the protocol calls them.
            item: and one of them.
        """
        listed = self.errors[: limits.REPORTED_LINE_ERRORS]
        return [
            f"{items} refused: {len(self.errors)}, stored: {self.rows}",
            *(f"{item} {error.line}: {error.message}" for error in listed),
        ]
