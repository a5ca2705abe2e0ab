"""Tags of Datadog's logs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.intake.datadog.tags import parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("env:prod,version:1.2", {"env": "prod", "version": "1.2"}),
        ("env:prod, team ,,url:http://x:1", {"env": "prod", "ddtags": ["team"], "url": "http://x:1"}),
        ("a:1,a:2,a:1", {"a": ["1", "2"]}),
        (":x,y:", {"ddtags": [":x"], "y": ""}),
    ],
)
def test_tags_are_values_by_name(text: str, found: dict[str, Any]) -> None:
    assert parse(text) == found


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    parse(text)
