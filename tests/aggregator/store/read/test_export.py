"""Exports: what search answers, as files."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from aggregator import limits
from aggregator.errors import DiskFullError, ReadTimeoutError
from aggregator.query.parse import parse
from aggregator.store.read.budget import Budget
from aggregator.store.reads import ExportFormat, Search, Selection
from tests.aggregator.store.opened_store import OpenedStore, Row, opened
from tests.aggregator.store.varied_store import BASE_S, fill

ALL = Selection(parse(""))
AWKWARD: list[Row | bytes] = [
    {
        "message": 'a "quoted" line\nand another, é \u2028',
        "source": "mine",
        "observed": [1.5],
        "_id": "x",
        "uid": "y",
    },
    {
        "message": "marks",
        "level": "odd",
        "timestamp": "never",
        "level_unknown": "sent",
        "timestamp_invalid": 5,
    },
    {"message": "marks without need", "level_unknown": "sent"},
    {"message": "case", "Message": "other", "k": 1, "K": 2},
    b'{"message": "numbers", "big": 123456789012345678901234567890, "small": 1.50, "none": null, "e": 1E5}',
    {"message": "times", "timestamp": "2026-01-02T03:04:05.123456789Z"},
    {"message": "times", "timestamp": "2026-01-02T03:04:05.100Z", "": "empty name", "a/b~c": "pointer"},
    b"not json",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenedStore]:
    with pytest.MonkeyPatch.context() as monkeypatch, opened(tmp_path_factory.mktemp("export")) as store:
        fill(store, monkeypatch)
        store.take(*AWKWARD)
        monkeypatch.undo()
        store.take(*AWKWARD)
        yield store


def found(store: OpenedStore, query: str = "") -> list[Any]:
    page = store.store.search(Search(parse(query), newest_first=False, limit=5000), Budget())
    return [json.loads(orjson.dumps(dict(row.fields))) for row in page.rows]


def exported(store: OpenedStore, export_format: ExportFormat, selection: Selection = ALL) -> bytes:
    return b"".join(store.store.export(selection, export_format, Budget()))


def test_ndjson_has_the_records_of_search_in_the_order_of_time(store: OpenedStore) -> None:
    lines = exported(store, ExportFormat.NDJSON).decode().removesuffix("\n").split("\n")
    assert [json.loads(line) for line in lines] == found(store)
    assert [list(json.loads(line))[:3] for line in lines[:1]] == [["_id", "timestamp", "observed"]]


def test_numbers_are_written_as_they_were_sent(store: OpenedStore) -> None:
    line = next(
        line for line in exported(store, ExportFormat.NDJSON).decode().split("\n") if "numbers" in line
    )
    assert '"big":123456789012345678901234567890' in line


def test_csv_has_a_column_for_each_field(store: OpenedStore) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(store, ExportFormat.CSV).decode(), newline="")))
    records = found(store)
    assert [row["_id"] for row in rows] == [record["_id"] for record in records]
    for row, record in zip(rows, records, strict=True):
        rest = json.loads(row.pop("_rest") or "{}")
        for name, cell in row.items():
            value = record.get(name)
            if name in rest or name not in record:
                continue
            if value is None or isinstance(value, str):
                assert cell == (value or "")
            else:
                assert json.loads(cell) == value
        assert all(name in {**record, **row} for name in rest)


def test_parquet_has_typed_times_and_the_records_in_order(store: OpenedStore, tmp_path: Path) -> None:
    path = tmp_path / "logs.parquet"
    path.write_bytes(exported(store, ExportFormat.PARQUET))
    records = found(store)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT _id, epoch_ns(timestamp), message, v::VARCHAR FROM read_parquet('{path}')"
        ).fetchall()
        kinds = dict(
            connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM '{path}')").fetchall()
        )
    assert [str(row[0]) for row in rows] == [record["_id"] for record in records]
    assert [row[2] for row in rows] == [record["message"] for record in records]
    assert kinds["timestamp"] == "TIMESTAMP_NS"
    assert rows[0][1] == BASE_S * 10**9
    assert not list(store.folder.glob("exports/*"))


@pytest.mark.parametrize("export_format", ExportFormat)
def test_an_export_of_nothing_is_a_file_that_can_be_read(
    store: OpenedStore, tmp_path: Path, export_format: ExportFormat
) -> None:
    data = exported(store, export_format, Selection(parse("absentword")))
    match export_format:
        case ExportFormat.NDJSON:
            assert data == b""
        case ExportFormat.CSV:
            assert data.startswith(b'"_id","timestamp"')
            assert data.count(b"\n") == 1
        case ExportFormat.PARQUET:
            path = tmp_path / "none.parquet"
            path.write_bytes(data)
            with duckdb.connect() as connection:
                assert connection.read_parquet(str(path)).fetchall() == []


def test_query_and_times_narrow(store: OpenedStore) -> None:
    selection = Selection(parse("level:error"), (BASE_S + 10) * 10**9, (BASE_S + 60) * 10**9)
    lines = exported(store, ExportFormat.NDJSON, selection).splitlines()
    expected = store.rows("level:error", start_ns=selection.start_ns, end_ns=selection.end_ns)
    assert [json.loads(line)["_id"] for line in lines] == [row["_id"] for row in expected]
    assert lines


@pytest.mark.parametrize("export_format", ExportFormat)
def test_an_export_that_runs_out_of_time_says_so(store: OpenedStore, export_format: ExportFormat) -> None:
    with pytest.raises(ReadTimeoutError):
        list(store.store.export(ALL, export_format, Budget(0.0)))


def test_parquet_leaves_room_on_the_disk_for_intake(
    store: OpenedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "EXPORT_FREE_BYTES", 2**60)
    with pytest.raises(DiskFullError, match="MiB"):
        list(store.store.export(ALL, ExportFormat.PARQUET, Budget()))
    assert list(store.store.export(ALL, ExportFormat.CSV, Budget()))


def test_files_of_an_export_that_was_killed_go_at_the_next_start(tmp_path: Path) -> None:
    with opened(tmp_path):
        left = tmp_path / "exports" / "x"
        left.mkdir(parents=True)
        (left / "0.parquet").touch()
    with opened(tmp_path):
        assert not left.exists()


def test_an_export_that_is_given_up_lets_go_of_everything(store: OpenedStore) -> None:
    pieces = store.store.export(ALL, ExportFormat.PARQUET, Budget())
    next(pieces)
    pieces.close()
    assert not list(store.folder.glob("exports/*"))
    assert not store.store._catalogue._leases
