"""What is offered while a search is typed."""

import pytest

from aggregator import limits
from aggregator.query.ast import Literally, Term
from aggregator.query.complete import completion_at
from aggregator.query.parse import parse
from aggregator.query.suggest import Suggestion, suggest

FIELDS = [("level", 90), ("service", 100), ("entity_id", 40), ("log.file", 7), ("my field", 3)]
VALUES = [("a b", 5), ("data-api", 20), ("Data", 3), ("my-data", 50), ("or*", 2)]


def offered(text: str) -> list[Suggestion]:
    return suggest(completion_at(text, len(text)), FIELDS, VALUES)


def labels(text: str, kind: str) -> list[str]:
    return [suggestion.label for suggestion in offered(text) if suggestion.kind == kind]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["service", "level", "entity_id", "log.file", "my field"]),
        ("le", ["level", "log.file"]),
        ("L", ["level", "log.file", "my field"]),
        ("nowhere", []),
        ("x:", []),
    ],
)
def test_fields_come_by_beginning_then_by_frequency(text: str, expected: list[str]) -> None:
    assert labels(text, "field") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x:", ["my-data", "data-api", "a b", "Data", "or*"]),
        ("x:da", ["data-api", "Data", "my-data"]),
        ("x:(a OR DATA-", ["data-api"]),
        ('x:"a ', ["a b"]),
        ("x", []),
    ],
)
def test_values_come_by_beginning_then_by_frequency(text: str, expected: list[str]) -> None:
    assert labels(text, "value") == expected


def test_what_is_inserted_is_quoted_and_counted() -> None:
    assert offered("my")[0] == Suggestion("field", "my field", '"my field":', 3)
    assert offered("x:a ")[0].kind == "field"
    assert Suggestion("value", "a b", '"a b"', 5) in offered("x:a")


def test_inserted_value_completes_the_search() -> None:
    text = 'level:error x:"or'
    completion = completion_at(text, len(text))
    (value,) = suggest(completion, FIELDS, VALUES)
    completed = text[: completion.start] + value.text + text[completion.end :]
    assert Term("x", Literally("or*")) in getattr(parse(completed), "operands", ())


def test_no_second_colon_is_inserted() -> None:
    assert [one.text for one in suggest(completion_at("lev:error", 3), FIELDS, [])] == ["level"]


def test_levels_are_offered_whether_they_occurred_or_not() -> None:
    text = "severity:"
    values = suggest(completion_at(text, len(text)), [], [("ERROR", 3), ("INFO", 9)])
    shown = [(one.label, one.count) for one in values if one.kind == "value"]
    assert shown == [
        ("INFO", 9),
        ("ERROR", 3),
        ("CRITICAL", 0),
        ("DEBUG", 0),
        ("TRACE", 0),
        ("WARNING", 0),
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("timestamp:", ">now-15m"),
        ("timestamp:no", ">now-15m"),
        ("timestamp:>", "now-15m"),
        ("observed:[now-1h TO n", "now-15m"),
    ],
)
def test_times_are_offered_as_spans_up_to_now(text: str, first: str) -> None:
    (suggestion, *_) = offered(text)
    assert (suggestion.kind, suggestion.text) == ("value", first)
    completion = completion_at(text, len(text))
    closing = "]" if "[" in text else ""
    parse(text[: completion.start] + suggestion.text + closing)


def test_keywords_come_last() -> None:
    for text in ("x:1 O", "x:", ""):
        kinds = [one.kind for one in offered(text)]
        assert kinds == sorted(kinds, key=lambda kind: kind == "keyword")
        assert len(set(kinds)) == 2


def test_list_is_short() -> None:
    many = [(f"field_{number}", number) for number in range(1000)]
    shown = suggest(completion_at("f", 1), many, [])
    assert [one.count for one in shown] == list(range(999, 999 - limits.SUGGESTIONS, -1))
