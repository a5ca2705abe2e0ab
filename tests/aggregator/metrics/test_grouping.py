"""The grouping key of a Pushgateway URL."""

import base64
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.metrics import grouping
from aggregator.metrics.grouping import GroupingKey

VALUES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/metrics/job/event-ingestor", GroupingKey("event-ingestor", ())),
        ("/metrics/job/event-ingestor/", GroupingKey("event-ingestor", ())),
        ("/metrics/job/a+b%2Bc", GroupingKey("a b+c", ())),
        ("/metrics/job@base64/YS9i", GroupingKey("a/b", ())),
        ("/metrics/job/a/path@base64/L3Zhcg", GroupingKey("a", (("path", "/var"),))),
        ("/metrics/job/a/zone/z/instance/i", GroupingKey("a", (("instance", "i"), ("zone", "z")))),
        ("/metrics/job/a/empty@base64/=", GroupingKey("a", ())),
    ],
)
def test_service_and_labels_are_read(path: str, key: GroupingKey) -> None:
    assert grouping.parse(path) == key


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/metrics/job", "without a value"),
        ("/metrics/job/a/instance", "without a value"),
        ("/metrics/instance/a", "no service"),
        ("/metrics/job@base64/=", "no service"),
        ("/metrics/job@base64/!!!!", "not base64"),
        ("/metrics/job@base64/_w", "not base64"),
        ("/metrics/job/a/b/1/b/2", "twice"),
        ("/metrics/job/a/job/b", "twice"),
        ("/metrics/job/%ff", "invalid start byte"),
        ("/metrics/job/" + "x" * 600, "longer than"),
    ],
)
def test_a_path_that_is_none_is_refused_with_its_reason(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        grouping.parse(path)


@given(service=VALUES, zone=VALUES)
def test_any_text_survives_both_ways_of_escaping(service: str, zone: str) -> None:
    encoded = base64.urlsafe_b64encode(zone.encode()).decode()
    path = f"/metrics/job/{quote_plus(service)}/zone@base64/{encoded}"

    assert grouping.parse(path) == GroupingKey(service, (("zone", zone),))
