"""Facets, fields and aggregates against the rows themselves."""

import json
import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator import limits
from aggregator.errors import InvalidFieldError
from aggregator.query.parse import parse
from aggregator.store.read.budget import Budget
from aggregator.store.read.states import BUCKET_WIDTH
from aggregator.store.reads import Aggregate, Function, Selection
from tests.aggregator.store.opened_store import OpenedStore, Row, opened
from tests.aggregator.store.varied_store import BASE_S, fill, varied_rows

ALL = Selection(parse(""))
ROWS = varied_rows()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedStore]:
    with pytest.MonkeyPatch.context() as monkeypatch, opened(tmp_path_factory.mktemp("sums")) as store:
        assert fill(store, monkeypatch) == ROWS
        yield store


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None or isinstance(value, list | dict):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def numbers(rows: Iterable[Row]) -> list[float]:
    return [each for row in rows if (each := number(row.get("v"))) is not None]


def facet(store: OpenedStore, field: str, selection: Selection = ALL, limit: int = 100) -> dict[str, int]:
    (found,) = store.store.facets(selection, [field], limit, Budget()).facets
    assert found.field == field
    return dict(found.values)


class TestFacets:
    def test_values_of_every_kind_are_counted_as_text(self, store: OpenedStore) -> None:
        expected = Counter(text(row["v"]) for row in ROWS if row.get("v") is not None)
        assert facet(store, "v") == expected

    def test_the_most_frequent_come_first_and_all_are_counted(self, store: OpenedStore) -> None:
        (found,) = store.store.facets(ALL, ["v"], 2, Budget()).facets
        rows = [row["v"] for row in ROWS if row.get("v") is not None]
        assert [count for _, count in found.values] == [
            count for _, count in Counter(map(text, rows)).most_common(2)
        ]
        assert (found.rows, found.distinct) == (len(rows), len(set(map(text, rows))))

    @pytest.mark.parametrize("field", ["service", "level", "message", "source"])
    def test_record_fields(self, store: OpenedStore, field: str) -> None:
        expected = Counter(row.get(field, "http") for row in ROWS)
        del expected[None]
        assert facet(store, field) == expected

    @pytest.mark.parametrize("field", ["timestamp", "@timestamp"])
    def test_times_are_written_as_in_records(self, store: OpenedStore, field: str) -> None:
        assert facet(store, field) == Counter(row["timestamp"] for row in store.rows())

    def test_other_names_and_paths(self, store: OpenedStore) -> None:
        assert facet(store, "severity") == facet(store, "level")
        nested = [row["nested"] for row in ROWS if "nested" in row]
        assert facet(store, "nested.n") == Counter(str(each["n"]) for each in nested)
        assert facet(store, "nested.a.b") == Counter(text(each["a.b"]) for each in nested)
        assert facet(store, "absent") == {}

    def test_only_matching_rows_count(self, store: OpenedStore) -> None:
        selection = Selection(parse("level:error"), BASE_S * 10**9, (BASE_S + 50) * 10**9)
        chosen = [row for row in ROWS if row["level"] == "ERROR" and row["timestamp"] < BASE_S + 50]
        assert facet(store, "v", selection) == Counter(
            text(row["v"]) for row in chosen if row.get("v") is not None
        )

    def test_several_fields_at_once_are_those_one_by_one(self, store: OpenedStore) -> None:
        names = ["v", "service", "message", "nested.n", "absent", "level"]
        together = store.store.facets(ALL, names, 100, Budget()).facets
        assert [each.field for each in together] == names
        assert [dict(each.values) for each in together] == [facet(store, name) for name in names]

    def test_without_time_the_answer_is_partial(self, store: OpenedStore) -> None:
        found = store.store.facets(ALL, ["v"], 10, Budget(0.0))
        assert found.partial
        assert found.facets[0].values == []

    def test_a_name_is_never_part_of_the_statement(self, store: OpenedStore) -> None:
        for name in ("'", '"', "a'b.c\"d", "\\", "?", "~/", "x'; DROP TABLE recent_uids; --", "$", "\0"):
            assert facet(store, name) == {}


def peak_rss_kib() -> int:
    """The most resident memory of this process."""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak)


class TestFields:
    def test_hundreds_of_columns_take_little_memory(self, tmp_path: Path) -> None:
        names = [f"field{number}" for number in range(limits.FIELD_COLUMNS)]
        with opened(tmp_path) as store:
            store.take(*(dict.fromkeys(names, value) for value in (1, "a", None)))
            Path("/proc/self/clear_refs").write_text("5")  # Sets the peak to what is resident now.
            before_kib = peak_rss_kib()
            found = store.store.fields(ALL, Budget()).fields
            assert peak_rss_kib() - before_kib < 200 * 1024
        kinds = {use.field: dict(use.kinds) for use in found if use.field in names}
        assert kinds == {name: {"number": 1, "string": 1} for name in names}

    def test_each_field_has_its_rows_and_kinds(self, store: OpenedStore) -> None:
        found = {use.field: use for use in store.store.fields(ALL, Budget()).fields}
        kinds = Counter(
            "boolean"
            if isinstance(v, bool)
            else "string"
            if isinstance(v, str)
            else "array"
            if isinstance(v, list)
            else "object"
            if isinstance(v, dict)
            else "number"
            for row in ROWS
            if (v := row.get("v")) is not None
        )
        assert found["v"].kinds == kinds
        assert found["v"].parts == 4
        assert found["nested"].kinds == {"object": 20}
        assert found["message"].rows == found["timestamp"].rows == 80
        assert found["timestamp"].kinds == {"time": 80}
        assert found["service"].rows == sum(row["service"] is not None for row in ROWS)
        assert "exception" not in found
        assert "_rest" not in found

    def test_segments_are_read_for_it_once(self, store: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        first = store.store.fields(ALL, Budget())
        assert store.store.fields(Selection(parse("level:error")), Budget()).fields != first.fields
        with store.store._catalogue.lease() as parts:
            for part in parts:
                if part.size_bytes:
                    monkeypatch.setattr(part, "view", None)
        assert store.store.fields(ALL, Budget()) == first

    def test_the_most_frequent_come_first(self, store: OpenedStore) -> None:
        rows = [use.rows for use in store.store.fields(ALL, Budget()).fields]
        assert rows == sorted(rows, reverse=True)

    def test_only_matching_rows_count(self, store: OpenedStore) -> None:
        found = {use.field for use in store.store.fields(Selection(parse("-nested:*")), Budget()).fields}
        assert "message" in found
        assert "nested" not in found


class TestAggregates:
    @pytest.mark.parametrize("exact", [True, False])
    def test_each_function_of_numbers_and_numeric_strings(
        self, store: OpenedStore, monkeypatch: pytest.MonkeyPatch, *, exact: bool
    ) -> None:
        monkeypatch.setattr(limits, "EXACT_QUANTILE_ROWS", len(ROWS) if exact else len(ROWS) - 1)
        found = store.store.aggregate(Aggregate(ALL, list(Function), "v"), Budget())
        (group,) = found.groups
        values = numbers(ROWS)
        expected = {
            Function.COUNT: len(values),
            Function.RATE: len(values) / 99.0,
            Function.SUM: math.fsum(values),
            Function.AVG: statistics.fmean(values),
            Function.MIN: min(values),
            Function.MAX: max(values),
            Function.P50: statistics.quantiles(values, n=100, method="inclusive")[49],
            Function.P95: statistics.quantiles(values, n=100, method="inclusive")[94],
            Function.P99: statistics.quantiles(values, n=100, method="inclusive")[98],
        }
        assert group.values == pytest.approx(expected, rel=1e-9 if exact else BUCKET_WIDTH)
        assert found.exact is exact

    @pytest.mark.parametrize(
        ("functions", "exact_rows"),
        [
            ([Function.COUNT, Function.AVG], 0),
            ([Function.P50, Function.COUNT, Function.AVG], 0),
            ([Function.P50, Function.COUNT, Function.AVG], len(ROWS)),
        ],
    )
    def test_groups_by_fields_and_time(
        self,
        store: OpenedStore,
        monkeypatch: pytest.MonkeyPatch,
        functions: list[Function],
        exact_rows: int,
    ) -> None:
        monkeypatch.setattr(limits, "EXACT_QUANTILE_ROWS", exact_rows)
        asked = Aggregate(ALL, functions, "v", ["service", "nested.n"], 30 * 10**9)
        rows: dict[object, list[Row]] = {}
        for row in ROWS:
            nested = row.get("nested")
            key = (
                row["timestamp"] // 30 * 30 * 10**9,
                row["service"],
                None if nested is None else str(nested["n"]),
            )
            rows.setdefault(key, []).append(row)
        expected = {key: values for key, group in rows.items() if (values := numbers(group))}
        found = store.store.aggregate(asked, Budget()).groups
        assert {(group.start_ns, *group.key) for group in found} == expected.keys()
        for group in found:
            values = expected[group.start_ns, *group.key]
            assert group.values[Function.COUNT] == len(values)
            assert group.values[Function.AVG] == pytest.approx(statistics.fmean(values))
            if Function.P50 in functions:
                assert group.values[Function.P50] == pytest.approx(statistics.median(values))

    def test_rows_are_counted_without_a_field(self, store: OpenedStore) -> None:
        asked = Aggregate(Selection(parse("level:error")), [Function.COUNT, Function.RATE], by=["service"])
        errors = Counter(row["service"] for row in ROWS if row["level"] == "ERROR")
        found = store.store.aggregate(asked, Budget()).groups
        assert {group.key[0]: group.values[Function.COUNT] for group in found} == errors

    def test_a_rate_is_per_second_of_the_step(self, store: OpenedStore) -> None:
        asked = Aggregate(ALL, [Function.COUNT, Function.RATE], step_ns=10 * 10**9)
        found = store.store.aggregate(asked, Budget()).groups
        assert len(found) == 10
        for group in found:
            assert group.values[Function.RATE] == pytest.approx((group.values[Function.COUNT] or 0) / 10)

    def test_nothing_at_all_has_no_groups(self, store: OpenedStore) -> None:
        asked = Aggregate(Selection(parse("absent")), [Function.COUNT, Function.P95], "v", ["service"])
        assert store.store.aggregate(asked, Budget()).groups == []

    def test_too_many_groups_are_refused(self, store: OpenedStore, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "GROUPS", 50)
        with pytest.raises(InvalidFieldError, match="groups"):
            store.store.aggregate(Aggregate(ALL, [Function.COUNT], by=["message"]), Budget())

    def test_a_step_too_short_for_its_range_is_refused(self, store: OpenedStore) -> None:
        asked = Aggregate(Selection(parse(""), 0, BASE_S * 10**9), [Function.COUNT], step_ns=10**9)
        with pytest.raises(InvalidFieldError, match="step"):
            store.store.aggregate(asked, Budget())

    def test_numbers_that_are_no_finite_ones_do_not_count(self, tmp_path: Path) -> None:
        with opened(tmp_path) as store:
            store.take(*({"odd": value} for value in ("nan", "inf", "1e999", "0x10", " 1", "1_0")))
            store.take(b'{"odd": 1e999}', {"odd": 5})
            asked = Aggregate(ALL, [Function.COUNT, Function.MAX], "odd")
            (group,) = store.store.aggregate(asked, Budget()).groups
            assert group.values == {Function.COUNT: 1, Function.MAX: 5.0}

    def test_tables_that_gather_are_gone_afterwards(self, store: OpenedStore) -> None:
        store.store.aggregate(Aggregate(ALL, [Function.P95], "v"), Budget(0.0))
        store.store.facets(ALL, ["v"], 10, Budget())
        tables = store.store._database.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        assert not [name for (name,) in tables if name.startswith("gathered")]
