"""A repeatable corpus of log lines as the services of a home write them."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched

START = datetime(2026, 11, 23, tzinfo=UTC)
SERVICES = {
    "websocket-ingestion": 46,
    "enrichment-pipeline": 24,
    "data-api": 12,
    "admin-api": 6,
    "data-retention": 3,
    "weather-api": 3,
    "energy-correlator": 3,
    "health-dashboard": 2,
    "influxdb-writer": 1,
}
_ROOMS = ("kitchen", "living_room", "bedroom", "office", "garage", "hallway", "bathroom", "attic", "cellar")
_KINDS = ("temperature", "humidity", "illuminance", "power", "energy", "battery", "co2", "pressure")
_ERRORS = {
    "ConnectionResetError": "Connection reset by peer",
    "TimeoutError": "timed out after 30.0 s",
    "InfluxDBError": "partial write: field type conflict",
    "ValueError": "could not convert string to float: 'unavailable'",
}
_STATUSES = {200: 84, 204: 6, 304: 5, 404: 3, 500: 2}
_OPEN_REQUESTS = 16

type _Fields = dict[str, object]
type _Shape = Callable[[random.Random, _Fields], None]


def bodies(
    rows: int,
    rows_per_body: int = 5000,
    seed: int = 7,
    *,
    start: datetime = START,
    interval_ms: float = 1.0,
) -> Iterator[bytes]:
    """Yield NDJSON bodies.

    Args:
        rows: lines in all, in the order of time.
        rows_per_body: lines of each body.
        seed: the same seed gives the same lines.
        start: time just before the first line, in UTC.
        interval_ms: time between two lines on average.
    """
    lines = _lines(rows, random.Random(seed), start, interval_ms)
    for body in batched(lines, rows_per_body, strict=False):
        yield "".join(body).encode()


def _lines(rows: int, source: random.Random, start: datetime, interval_ms: float) -> Iterator[str]:
    time = start
    requests = [_hex(source, 32) for _ in range(_OPEN_REQUESTS)]
    names, weights = list(SERVICES), list(SERVICES.values())
    shapes, shares = list(_SHAPES), list(_SHAPES.values())
    for _ in range(rows):
        time += timedelta(milliseconds=source.random() * 2 * interval_ms)
        service = source.choices(names, weights)[0]
        request = source.randrange(_OPEN_REQUESTS)
        if source.random() < 0.2:
            requests[request] = _hex(source, 32)
        fields: _Fields = {
            "timestamp": time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "level": "INFO",
            "service": service,
            "logger": f"{service.replace('-', '_')}.{source.choice(('core', 'client', 'worker', 'http'))}",
            "host": source.choice(("homeassistant", "ingest-1", "ingest-2")),
            "correlation_id": requests[request],
        }
        source.choices(shapes, shares)[0](source, fields)
        if source.random() < 0.6:
            fields["user"] = source.choice(("admin", "anna", "automation", "supervisor", "grafana"))
        yield json.dumps(fields, separators=(",", ":")) + "\n"


def _hex(source: random.Random, digits: int) -> str:
    return f"{source.getrandbits(4 * digits):0{digits}x}"


def _entity(source: random.Random) -> str:
    return f"sensor.{source.choice(_ROOMS)}_{source.choice(_KINDS)}_{source.randrange(40)}"


def _event(source: random.Random, fields: _Fields) -> None:
    entity = _entity(source)
    fields["message"] = f"state_changed event processed for {entity}"
    fields["entity_id"] = entity
    fields["duration_ms"] = round(source.expovariate(0.2), 3)


def _write(source: random.Random, fields: _Fields) -> None:
    points = source.randrange(1, 1000)
    duration_ms = round(source.expovariate(0.05), 1)
    fields["message"] = f"Wrote batch of {points} points to bucket home_assistant_events in {duration_ms} ms"
    fields["points"] = points


def _request(source: random.Random, fields: _Fields) -> None:
    status = source.choices(list(_STATUSES), list(_STATUSES.values()))[0]
    method, resource = source.choice(("GET", "POST", "PUT")), source.choice(("events", "devices", "stats"))
    fields["message"] = f"{method} /api/v1/{resource}/{_hex(source, 8)} {status}"
    fields["request_id"] = "req_" + _hex(source, 12)
    fields["status"] = status
    fields["duration_ms"] = round(source.expovariate(0.05), 3)
    fields["client_ip"] = f"192.168.1.{source.randrange(2, 254)}"
    fields["level"] = "ERROR" if status >= 500 else "WARNING" if status >= 400 else "INFO"


def _depth(source: random.Random, fields: _Fields) -> None:
    fields["level"] = "DEBUG"
    depth, flying, lag_ms = source.randrange(5000), source.randrange(200), source.randrange(900)
    fields["message"] = f"Queue depth {depth}, {flying} events in flight, lag {lag_ms} ms"


def _enriched(source: random.Random, fields: _Fields) -> None:
    entity = _entity(source)
    weather = f"{source.gauss(12, 8):.1f} C, {source.randrange(20, 100)} % humidity"
    fields["message"] = f"Enriched {entity} with weather: {weather}, wind {source.random() * 14:.1f} m/s"
    fields["entity_id"] = entity


def _warning(source: random.Random, fields: _Fields) -> None:
    fields["level"] = "WARNING"
    slow = f"Slow query took {source.randrange(500, 9000)} ms on measurement {source.choice(_KINDS)}"
    fields["message"] = source.choice((slow, f"Entity {_entity(source)} became unavailable"))


def _failure(source: random.Random, fields: _Fields) -> None:
    kind, text = source.choice(list(_ERRORS.items()))
    entity = _entity(source)
    fields["level"] = "ERROR"
    fields["message"] = f"Failed to write point for {entity}: {text}"
    fields["entity_id"] = entity
    fields["exception"] = (
        "Traceback (most recent call last):\n"
        f'  File "/app/src/writer.py", line {source.randrange(20, 900)}, in handle\n'
        "    await self._write(point)\n"
        f'  File "/app/src/client.py", line {source.randrange(20, 400)}, in _write\n'
        f"    raise {kind}({text!r})\n"
        f"{kind}: {text}"
    )


_SHAPES: dict[_Shape, int] = {
    _event: 300,
    _write: 200,
    _request: 140,
    _depth: 160,
    _enriched: 100,
    _warning: 65,
    _failure: 35,
}
