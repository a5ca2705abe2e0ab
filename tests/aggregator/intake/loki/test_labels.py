"""Labels of Loki's streams."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator import limits
from aggregator.intake.loki.labels import fields_of, parse

names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]*", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(names, values), st.sampled_from(["", " "]), st.booleans())
def test_what_is_written_as_prometheus_does_is_read_again(
    labels: dict[str, str], space: str, trailing_comma: bool
) -> None:
    pairs = [
        f"{space}{name}{space}={space}{json.dumps(value, ensure_ascii=False)}{space}"
        for name, value in labels.items()
    ]
    text = "{" + ",".join(pairs) + ("," if trailing_comma and pairs else "") + "}"
    assert parse(text) == labels


@given(st.text(max_size=50))
def test_other_text_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert all(isinstance(value, str) for value in parse(text).values())


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("{}", {}),
        (r'{a="\x41\u00e4\U0001F600\t"}', {"a": "Aä😀\t"}),
        (r'{a="\ud800"}', {"a": "?"}),
        (r"{a=`\n`}", {"a": r"\n"}),
        ('{a="x,y}",b="="}', {"a": "x,y}", "b": "="}),
    ],
)
def test_escapes_and_quotes_are_gos(text: str, labels: dict[str, str]) -> None:
    assert parse(text) == labels


@pytest.mark.parametrize("text", ["", "a", "{a}", "{a=b}", '{a="b"', '{a="b" b="c"}', r'{a="\x"}'])
def test_what_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="label"):
        parse(text)


def test_labels_that_are_too_long_are_refused_before_they_are_read() -> None:
    with pytest.raises(ValueError, match=str(limits.LABELS_CHARACTERS)):
        parse("{" + "a" * limits.LABELS_CHARACTERS + "}")


@pytest.mark.parametrize(
    ("labels", "service"),
    [
        ({"job": "varlogs", "container": "nginx"}, "nginx"),
        ({"service_name": "shop", "container": "nginx"}, "shop"),
        ({"app": "shop", "job": "x"}, None),
        ({"job": ""}, None),
        ({"region": "eu"}, None),
    ],
)
def test_a_label_names_the_service_where_none_of_our_names_does(
    labels: dict[str, str], service: str | None
) -> None:
    fields = fields_of(labels)
    assert fields.sent == labels
    assert fields.found.get("service") == service


def test_labels_by_names_of_an_entry_get_others() -> None:
    labels = {"timestamp": "x", "message": "y", "uid": "z", "level": "info"}
    expected = {"label.timestamp": "x", "label.message": "y", "sent_uid": "z", "level": "info"}
    assert fields_of(labels).sent == expected
