"""From what can stand at the caret to what to offer: fields and values by frequency, then keywords."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from aggregator import limits
from aggregator.query.complete import Completion, FieldName, FieldValue
from aggregator.query.quote import quoted_field, quoted_value
from aggregator.record.fields import CANONICAL_NAMES, LEVELS, TIME_FIELDS

_TIMES: Final = ("now-15m", "now-1h", "now-1d", "now-7d", "now")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to put in the place of a completion's span.

    Args:
        kind: what it is.
        label: how it is shown.
        text: what is inserted, in quotes where it needs them.
        count: how many records have it; None when that is not counted.
    """

    kind: Literal["field", "value", "keyword"]
    label: str
    text: str
    count: int | None = None


def suggest(
    completion: Completion, fields: Sequence[tuple[str, int]], values: Sequence[tuple[str, int]]
) -> list[Suggestion]:
    """Offer what goes on from what was typed, the most frequent first.

    Args:
        completion: what can stand at the caret.
        fields: names of fields with the number of records that have each; read if a name can stand there.
        values: values of the completion's field, likewise.
    """
    match completion.wanted:
        case FieldName(needs_colon):
            colon = ":" if needs_colon else ""
            offered = [
                Suggestion("field", name, quoted_field(name) + colon, count)
                for name, count in _ranked(fields, completion.prefix)
            ]
        case FieldValue(field, may_compare) if CANONICAL_NAMES.get(field) in TIME_FIELDS:
            offered = _times(completion.prefix, ">" if may_compare else "")
        case FieldValue(field):
            known = _levels(values) if CANONICAL_NAMES.get(field) == "level" else values
            offered = [
                Suggestion("value", value, quoted_value(value), count)
                for value, count in _ranked(known, completion.prefix)
            ]
        case None:
            offered = []
    keywords = [Suggestion("keyword", keyword, keyword) for keyword in completion.keywords]
    return [*offered[: limits.SUGGESTIONS], *keywords]


def _ranked(counted: Iterable[tuple[str, int]], prefix: str) -> list[tuple[str, int]]:
    """Keep what holds a text in any case: first what begins with it, then by frequency, then by name."""
    typed = prefix.casefold()
    ranked = [
        (not text.casefold().startswith(typed), -count, text)
        for text, count in counted
        if typed in text.casefold()
    ]
    return [(text, -negated) for _, negated, text in sorted(ranked)]


def _levels(values: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    counts = dict(values)
    return [(level, counts.get(level, 0)) for level in LEVELS]


def _times(prefix: str, operator: str) -> list[Suggestion]:
    """Offer times a while ago, behind an operator: a single moment would find next to nothing."""
    return [
        Suggestion("value", operator + time, operator + time) for time in _TIMES if time.startswith(prefix)
    ]
