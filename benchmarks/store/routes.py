"""The requests that queries are made of, and what their answers say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

type Groups = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Request:
    """One POST.

    Args:
        path: where to.
        body: the JSON to send.
    """

    path: str
    body: bytes


def search(query: str, *, limit: int = 100, start: str = "", end: str = "") -> Request:
    """Ask for the latest rows."""
    return _post("/api/v1/search", query=query, limit=limit, start=start, end=end)


def count(query: str) -> Request:
    """Ask how many rows there are."""
    return _post("/api/v1/count", query=query)


def histogram(step_s: int) -> Request:
    """Ask for the number of all rows by time, service and level."""
    return _post("/api/v1/histogram", query="", step_s=step_s, by_service=True)


def p95(field: str, by: str) -> Request:
    """Ask for the 95th percentile of a field by another, of all rows."""
    return _post("/api/v1/aggregate", query="", functions=["p95"], field=field, by=[by])


def read_rows(answer: bytes) -> list[dict[str, Any]]:
    """Return a search's rows, and refuse a partial answer."""
    found = _object(answer)
    rows = found["rows"]
    if not isinstance(rows, list):
        raise TypeError("rows is no list")
    return rows


def read_count(answer: bytes) -> int:
    """Return a count."""
    return int(_object(answer)["rows"])


def read_histogram(answer: bytes) -> Groups:
    """Return counts by (minute, service, level); minutes as in `2026-11-23T10:00`."""
    return {
        (_minute(bucket["time"]), bucket["service"], bucket["level"]): bucket["rows"]
        for bucket in _object(answer)["buckets"]
    }


def read_p95(answer: bytes) -> Groups:
    """Return 95th percentiles by the values of what they were asked by."""
    return {tuple(group["by"].values()): group["p95"] for group in _object(answer)["groups"]}


def _post(path: str, **fields: object) -> Request:
    return Request(path, json.dumps({name: value for name, value in fields.items() if value != ""}).encode())


def _object(answer: bytes) -> dict[str, Any]:
    found = orjson.loads(answer)
    if not isinstance(found, dict):
        raise TypeError("the answer is no object")
    if found.get("partial"):
        raise TimeoutError("the answer is partial")
    return found


def _minute(time: str) -> str:
    return datetime.fromisoformat(time).strftime("%Y-%m-%dT%H:%M")
