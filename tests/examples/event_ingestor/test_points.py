from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_ingestor.points import MalformedEventError, entity_of, to_point
from tests.examples.event_ingestor.home_assistant_server import state_changed


def test_a_numeric_state_becomes_a_number_with_tags() -> None:
    event = state_changed(
        "sensor.kitchen_temperature",
        "21.5",
        friendly_name="Kitchen temperature",
        unit_of_measurement="°C",
        device_class="temperature",
        icon="mdi:x",
    )
    assert to_point(event) == {
        "measurement": "sensor",
        "tags": {
            "entity_id": "kitchen_temperature",
            "domain": "sensor",
            "friendly_name": "Kitchen temperature",
            "unit_of_measurement": "°C",
            "device_class": "temperature",
        },
        "fields": {"value": 21.5},
        "time": 1_767_607_200_123_456_000,
    }


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        ("on", {"value": 1.0}),
        ("off", {"value": 0.0}),
        ("not_home", {"value": 0.0}),
        ("-1e3", {"value": -1000.0}),
        ("cool", {"state": "cool"}),
        ("nan", {"state": "nan"}),
        ("inf", {"state": "inf"}),
    ],
)
def test_states_become_numbers_where_they_can(state: str, fields: dict[str, Any]) -> None:
    point = to_point(state_changed("climate.hall", state))
    assert point is not None
    assert point["fields"] == fields


@pytest.mark.parametrize("state", [None, "unavailable", "unknown", ""])
def test_without_a_state_there_is_no_point(state: str | None) -> None:
    assert to_point(state_changed("sensor.x", state)) is None


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"data": None},
        {"data": {"entity_id": 5}},
        {"data": {"entity_id": "nodot", "new_state": None}},
        {"data": {"entity_id": "sensor.x", "new_state": {}}},
        {"data": {"entity_id": "sensor.x", "new_state": "text"}},
        state_changed("sensor.x", "1", last_updated="yesterday"),
        state_changed("sensor.x", "1", last_updated="2026-11-23T10:00:00"),
    ],
)
def test_a_malformed_event_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(MalformedEventError):
        to_point(event)


def test_the_entity_is_named() -> None:
    assert entity_of(state_changed("light.hall", "on")) == "light.hall"


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=10),
        lambda children: st.dictionaries(
            st.sampled_from(["data", "entity_id", "new_state", "state", "last_updated", "attributes", "x"]),
            children,
        ),
    ).filter(lambda value: isinstance(value, dict))
)
def test_any_event_is_a_point_none_or_refused(event: dict[str, Any]) -> None:
    try:
        point = to_point(event)
    except MalformedEventError:
        return
    assert point is None or point["measurement"]
