"""Records come back as they were sent, from memory and from segments."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator import limits
from aggregator.query.parse import parse
from aggregator.record.fields import CANONICAL_NAMES, RECORD_FIELDS
from aggregator.store.read.budget import Budget
from aggregator.store.reads import Aggregate, Function, Selection
from tests.aggregator import json_text
from tests.aggregator.json_text import exactly
from tests.aggregator.json_values import json_objects
from tests.aggregator.store.opened_store import OpenedStore, Row, opened, seal_each_batch

EVERYTHING = Selection(parse(""))
OURS = {*RECORD_FIELDS, "_id", "timestamp_invalid", "level_unknown"}
other_fields = json_objects.map(
    lambda fields: {
        key: value
        for key, value in fields.items()
        if key not in CANONICAL_NAMES or key in {"source", "observed"}
    }
)


Read: TypeAlias = Callable[..., list[Row]]


def expected(sent: Row) -> Row:
    """What comes back of fields that mean nothing to us; ours keep their names, theirs get a prefix."""
    renamed = {"source", "observed", "_id"}
    return {f"sent_{key}" if key in renamed else key: value for key, value in sent.items()}


def theirs(row: Row, sent: Row) -> Row:
    """The fields of a row that are not ours."""
    kept = sent.keys() - {*RECORD_FIELDS, "_id"}
    return {key: value for key, value in row.items() if key not in OURS or key in kept}


def exact(value: object) -> str:
    """A text that is the same for the same JSON only: 1, 1.0, -0.0 and true differ."""
    return json.dumps(value, sort_keys=True)


def check(store: OpenedStore, sent: dict[str, Row]) -> None:
    """Compare all rows."""
    rows = {row["_id"]: row for page in store.pages(1000, newest_first=False) for row in page}
    decoded = {number: json.loads(orjson.dumps(row)) for number, row in rows.items()}
    assert decoded.keys() == sent.keys()
    for number, row in decoded.items():
        assert exact(theirs(row, sent[number])) == exact(expected(sent[number]))


@pytest.mark.parametrize("columns", [limits.FIELD_COLUMNS, 4])
def test_every_field_comes_back_as_it_was_sent_before_and_after_sealing_and_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr(limits, "FIELD_COLUMNS", columns)
    monkeypatch.setattr(limits, "SEAL_ROWS", 100)
    sent: dict[str, Row] = {}
    with opened(tmp_path) as store:

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.lists(other_fields, min_size=1, max_size=8))
        def send_and_read(batch: list[Row]) -> None:
            store.take(*batch)
            first = store.store.last_seq - len(batch) + 1
            sent.update({str(number): record for number, record in enumerate(batch, first)})
            newest = store.rows(limit=len(batch), newest_first=True)
            for row in newest:
                assert exact(theirs(row, sent[row["_id"]])) == exact(expected(sent[row["_id"]]))

        send_and_read()
        assert sent
        check(store, sent)
        monkeypatch.setattr(limits, "SEAL_ROWS", 1)
        store.take({})
        sent[str(store.store.last_seq)] = {}
        store.wait_until_sealed()
        check(store, sent)
    with opened(tmp_path) as store:
        check(store, sent)


@pytest.mark.parametrize("columns", [limits.FIELD_COLUMNS, 4])
def test_every_number_keeps_its_value_before_and_after_sealing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr(limits, "FIELD_COLUMNS", columns)
    monkeypatch.setattr(limits, "SEAL_ROWS", 100)
    sent: dict[str, str] = {}

    def check_values(store: OpenedStore) -> None:
        for page in store.pages(1000, newest_first=False):
            for row in page:
                if (line := sent.get(row["_id"])) is not None:
                    assert exactly(orjson.dumps(row["v"])) == exactly(line)

    with opened(tmp_path) as store:

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(st.lists(json_text.values, min_size=1, max_size=8))
        def send_and_read(values: list[str]) -> None:
            store.take(*(f'{{"v": {value}}}'.encode() for value in values))
            first = store.store.last_seq - len(values) + 1
            sent.update({str(number): value for number, value in enumerate(values, first)})
            for row in store.rows(limit=len(values), newest_first=True):
                assert row["_id"] in sent

        send_and_read()
        check_values(store)
        monkeypatch.setattr(limits, "SEAL_ROWS", 1)
        store.take({})
        store.wait_until_sealed()
        check_values(store)


@pytest.mark.parametrize("name", ["message", "service", "user_id", "trace_id", "uid"])
def test_a_number_in_a_text_field_is_the_text_that_was_sent(read_back: Read, name: str) -> None:
    (row,) = read_back(f'{{"{name}":0.1234567890123456789012345,"timestamp":1767323045.123456789}}'.encode())
    assert row[CANONICAL_NAMES[name]] == "0.1234567890123456789012345"
    assert row["timestamp"] == "2026-01-02T03:04:05.123456789Z"


@pytest.fixture
def read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Return what sends one batch, and reads it from memory, from a segment, and after a restart."""

    def read(*lines: Row | bytes) -> list[Row]:
        def rows(store: OpenedStore) -> list[Row]:
            return [row for row in store.rows() if int(row["_id"]) <= len(lines)]

        with opened(tmp_path) as store:
            store.take(*lines)
            from_memory = rows(store)
            seal_each_batch(monkeypatch)
            store.take({"message": "next"})
            store.wait_until_sealed()
            assert rows(store) == from_memory
        with opened(tmp_path) as store:
            assert rows(store) == from_memory
        return sorted(from_memory, key=lambda row: int(row["_id"]))

    return read


def test_more_fields_than_columns_are_all_kept_with_the_records_own(read_back: Read) -> None:
    many = {f"field{number:04}": number for number in range(3000)}
    (row,) = read_back({**many, "message": "text", "level": "info", "service": "s", "zzz": 2**80})
    assert many.items() <= row.items()
    assert (row["message"], row["level"], row["service"], row["zzz"]) == ("text", "INFO", "s", 2**80)


def test_lines_with_different_fields_do_not_mix(read_back: Read) -> None:
    rows = read_back(*({f"only{number}": number} for number in range(600)))
    for number, row in enumerate(rows):
        assert {key for key in row if key.startswith("only")} == {f"only{number}"}


def test_one_field_with_values_of_every_type_keeps_each(read_back: Read) -> None:
    values = [1, 1.5, "1", True, None, [1], {"a": None}, "", 10**40, -0.0, "null"]
    rows = read_back(*({"value": value} for value in values))
    assert [exact(row["value"]) for row in rows] == [exact(value) for value in values]


def test_keys_that_differ_in_case_are_different_fields(read_back: Read) -> None:
    sent = {"Entity": 1, "entity": 2, "ENTITY": 3, "MSG": 4, "Msg": 5, "Level": 6, "TIMESTAMP": 7}
    (row,) = read_back({**sent, "message": "m", "level": "info"})
    assert sent.items() <= row.items()
    assert (row["message"], row["level"]) == ("m", "INFO")


@pytest.mark.parametrize("others", [{}, {"MSG": "upper"}, {"": "empty key"}, {"k" * 200: "long"}])
def test_a_second_name_of_a_field_is_kept_beside_it(read_back: Read, others: Row) -> None:
    first, second = read_back(
        {"message": "better", "msg": "second", "event": "third", **others}, {"msg": "alone", "uid": "u"}
    )
    assert (first["message"], first["msg"], first["event"]) == ("better", "second", "third")
    assert second["message"] == "alone"
    assert others.items() <= first.items()


def test_fields_named_like_our_own_do_not_replace_ours(read_back: Read) -> None:
    sent = {"_seq": 99, "_rest": {"a": 1}, "source": "mine", "observed": "never", "uid": "u", "_id": "mine"}
    (row,) = read_back(sent)
    assert (row["_id"], row["source"], row["uid"]) == ("1", "http", "u")
    assert (row["_seq"], row["_rest"]) == (99, {"a": 1})
    assert (row["sent_source"], row["sent_observed"], row["sent__id"]) == ("mine", "never", "mine")
    assert row["observed"] != "never"


def test_a_field_that_has_the_name_of_a_renamed_one_stays_beside_it(read_back: Read) -> None:
    (row,) = read_back({"source": 1, "sent_source": 2, "message": "m"})
    assert row["source"] == "http"
    assert {row["sent_source"], row["sent_sent_source"]} == {1, 2}


def test_fields_that_come_back_renamed_are_found_by_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        {"source": "mine", "observed": {"n": number}, "_id": "x", "uid": f"{number}"} for number in range(3)
    ]
    with opened(tmp_path) as store:
        seal_each_batch(monkeypatch)
        store.take(*lines, {"source": "other", "level": "odd", "level_unknown": "sent"})
        for _ in range(2):
            assert [row["uid"] for row in store.rows("sent_source:mi*")] == ["0", "1", "2"]
            assert [row["uid"] for row in store.rows("sent_observed.n:>=1 sent__id:x")] == ["1", "2"]
            assert [row["sent_source"] for row in store.rows("-sent_source:mine sent_source:*")] == ["other"]
            assert len(store.rows("level_unknown:odd")) == len(store.rows("sent_level_unknown:sent")) == 1
            (facet,) = store.store.facets(EVERYTHING, ["sent_source"], 10, Budget()).facets
            assert facet.values == [("mine", 3), ("other", 1)]
            uses = {use.field: use for use in store.store.fields(EVERYTHING, Budget()).fields}
            assert (uses["sent_source"].kinds, uses["source"].kinds) == (
                {"string": 4},
                {"string": uses["source"].rows},
            )
            assert uses["sent_observed"].kinds == {"object": 3}
            counted = Aggregate(EVERYTHING, [Function.SUM], "sent_observed.n", by=["sent_source"])
            (group,) = store.store.aggregate(counted, Budget()).groups
            assert (group.key, group.values) == (("mine",), {Function.SUM: 3.0})
            store.take({"message": "next"})
            store.wait_until_sealed()


def test_our_marks_stand_beside_a_senders_of_the_same_name(read_back: Read) -> None:
    (row,) = read_back(
        {"timestamp": "bad", "timestamp_invalid": 1, "level": "odd", "level_unknown": [2], "message": "m"}
    )
    assert (row["timestamp_invalid"], row["sent_timestamp_invalid"]) == ("bad", 1)
    assert (row["level_unknown"], row["sent_level_unknown"]) == ("odd", [2])


def test_null_in_a_records_field_is_absent(read_back: Read) -> None:
    (row,) = read_back({"message": None, "level": None, "timestamp": None, "msg": "m", "mine": None})
    assert row["message"] == "m"
    assert row["mine"] is None
    assert not row.keys() & {"level", "level_unknown", "timestamp_invalid"}


def test_text_fields_take_any_value_as_text(read_back: Read) -> None:
    (row,) = read_back({"message": {"a": [1]}, "service": 5, "host": True, "user_id": 1.5})
    assert (row["message"], row["service"], row["host"], row["user"]) == ('{"a":[1]}', "5", "true", "1.5")


def test_text_keeps_every_character(read_back: Read) -> None:
    text = "".join(map(chr, range(32))) + '"\\/ \x7f é ß 🏠 \u2028 \ufeff \uffff \x1b[31m'
    (row,) = read_back({"message": text, "other": text})
    assert row["message"] == row["other"] == text


def test_a_key_twice_keeps_its_line(read_back: Read) -> None:
    first, second = read_back(b'{"message":"m","a":1,"a":2,"message":"n"}', {"message": "other", "a": 3})
    assert first["message"] in {"m", "n"}
    assert first["a"] in {1, 2}
    assert (second["message"], second["a"]) == ("other", 3)


@pytest.mark.parametrize(
    "line",
    [
        b'{"message":"deep","a":' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"message":"lone","a":"\\ud800"}',
        b'{"\\ud800":1}',
        b'{"message":"\\udc00"}',
        b'{"a":01}',
        b'{"a":"\\x41"}',
        b'{"a":"\xff"}',
    ],
)
def test_a_line_that_the_engine_can_not_read_is_kept_and_leaves_its_neighbours_alone(
    read_back: Read, line: bytes
) -> None:
    before, kept, after = read_back(
        {"message": "before", "level": "error", "n": 1}, line, {"message": "after", "n": 2}
    )
    assert (before["message"], before["level"], before["n"]) == ("before", "ERROR", 1)
    assert (after["message"], after["n"]) == ("after", 2)
    assert kept["message"] in {line.decode("utf-8", "replace"), "deep"}


@pytest.mark.parametrize("depth", [99, 100, 101, 127, 128, 129, 500, 1025])
def test_nesting_is_kept_as_a_structure_or_as_text(read_back: Read, depth: int) -> None:
    line = b'{"message":"m","a":' + b"[" * depth + b"]" * depth + b"}"
    (row,) = read_back(line)
    value = "[" * depth + "]" * depth
    if "a" in row:
        assert exact(row["a"]) == (value if depth <= limits.VALUE_DEPTH else exact(value))
    else:
        assert row["message"] == line.decode()


def test_a_large_batch_keeps_its_order_and_its_sources(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take(*({"number": number} for number in range(20_000)), source="library")
        store.take(*({"number": number} for number in range(20_000, 20_010)), source="http")
        rows = [row for page in store.pages(5000, newest_first=False) for row in page]
        assert [json.loads(orjson.dumps(row))["number"] for row in rows] == list(range(20_010))
        assert [row["_id"] for row in rows] == [str(number) for number in range(1, 20_011)]
        assert {row["source"] for row in rows[:20_000]} == {"library"}
        assert {row["source"] for row in rows[20_000:]} == {"http"}


def test_carriage_returns_between_values_change_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        store.take(
            b'{"message":\r"first",\r"n": [1,\r2]}', b'{"message": "second"}\r', b'{"message": "third"}'
        )
        assert [(row["message"], row.get("n")) for row in store.rows()] == [
            ("first", [1, 2]),
            ("second", None),
            ("third", None),
        ]
