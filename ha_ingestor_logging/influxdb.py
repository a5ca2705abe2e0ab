"""influxdb-client's writing and querying, measured."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.query_api import QueryApi
from influxdb_client.client.write_api import WriteApi
from influxdb_client.rest import ApiException
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from ha_ingestor_logging.metrics import (
    batch_points,
    connected,
    errors_total,
    points_written_total,
    watch_pool,
    write_duration_seconds,
)
from ha_ingestor_logging.timing import timed_query

Api = TypeVar("Api")

DATABASE: Final = "influxdb"
"""How the database is called in lines and metrics unless another name is given."""


class _MeasuredApi(Generic[Api]):
    """One of influxdb-client's APIs; what is not measured is the API's own.

    Args:
        api: what is measured.
        database: its name in lines and metrics.
        slow_ms: from this duration on a call's line is a WARNING.
    """

    def __init__(self, api: Api, database: str = DATABASE, *, slow_ms: float = 1000.0) -> None:
        # Its annotations refuse what it takes.
        self._api: Any = api
        self._database = database
        self._slow_ms = slow_ms

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)


class MeasuredWriteApi(_MeasuredApi[WriteApi]):
    """A synchronous ``WriteApi`` whose writes are timed, counted and logged; all else is the API's own.

    Args:
        api: what ``client.write_api(write_options=SYNCHRONOUS)`` gives. For the batching kind, whose
            ``write`` only queues, see ``batch_callbacks``.
        database: its name in lines and metrics.
        slow_ms: from this duration on a write's line is a WARNING.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._api.close()

    def write(self, bucket: str, org: str | None = None, record: Any = None, **options: Any) -> Any:
        """Write points, as ``WriteApi.write`` does."""
        if isinstance(record, Iterator):
            # Else counting would use it up.
            record = list(record)
        points = count_points(record)
        with _call(self._database, "write", self._slow_ms) as call:
            call.rows = points
            call.add(bucket=bucket)
            answer = self._api.write(bucket, org, record, **options)
        write_duration_seconds.observe(call.duration_s)
        _count_written(points)
        return answer


class MeasuredQueryApi(_MeasuredApi[QueryApi]):
    """A ``QueryApi`` whose queries are timed, counted and logged; all else is the API's own.

    The queries themselves are not logged.

    Args:
        api: what ``client.query_api()`` gives.
        database: its name in lines and metrics.
        slow_ms: from this duration on a query's line is a WARNING.
    """

    def query(self, query: str, org: str | None = None, params: Mapping[str, Any] | None = None) -> Any:
        """Query tables, as ``QueryApi.query`` does."""
        with _call(self._database, "query", self._slow_ms) as call:
            tables = self._api.query(query, org, params)
            call.rows = sum(len(table.records) for table in tables)
        return tables

    def query_stream(
        self, query: str, org: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        """Query records one by one, as ``QueryApi.query_stream`` does; timed until the last is taken."""
        with _call(self._database, "query", self._slow_ms) as call:
            call.rows = 0
            for record in self._api.query_stream(query, org, params):
                call.rows += 1
                yield record

    def query_data_frame(self, query: str, *arguments: Any, **options: Any) -> Any:
        """Query data frames, as ``QueryApi.query_data_frame`` does."""
        with _call(self._database, "query", self._slow_ms) as call:
            frames = self._api.query_data_frame(query, *arguments, **options)
            call.rows = sum(len(frame) for frame in (frames if isinstance(frames, list) else [frames]))
        return frames


def batch_callbacks(database: str = DATABASE) -> dict[str, Any]:
    """Callbacks that count what a batching ``WriteApi`` does in its background.

    ``client.write_api(write_options=WriteOptions(…), **batch_callbacks())``.

    Args:
        database: its name in metrics.
    """

    def success(_: object, data: Any) -> None:
        connected.labels(database).set(1)
        _count_written(count_points(data))

    def failure(_: object, __: object, error: BaseException) -> None:
        _count_failure(database, error)

    return {"success_callback": success, "error_callback": failure, "retry_callback": failure}


def watch_client(client: InfluxDBClient, database: str = DATABASE) -> None:
    """Report the client's connections in ``ha_ingestor_pool_connections``.

    Args:
        client: the client.
        database: its name in metrics.
    """
    pools: PoolManager = client.api_client.rest_client.pool_manager
    watch_pool(database, in_use=lambda: _connections(pools)[0], idle=lambda: _connections(pools)[1])


def count_points(record: Any) -> int:
    """How many points ``WriteApi.write`` makes of a record: text counts by its lines.

    Args:
        record: whatever it takes, but no iterator.
    """
    if record is None:
        return 0
    if isinstance(record, str | bytes):
        return sum(1 for line in record.splitlines() if line.strip())
    if hasattr(record, "shape"):
        return len(record)
    # A named tuple is one point.
    if isinstance(record, Iterable) and not isinstance(record, Mapping) and not hasattr(record, "_fields"):
        return sum(count_points(item) for item in record)
    return 1


@contextmanager
def _call(database: str, operation: str, slow_ms: float) -> Iterator[timed_query]:
    try:
        with timed_query(database, operation, slow_ms=slow_ms) as call:
            yield call
    except (ApiException, HTTPError, OSError) as error:
        _count_failure(database, error)
        raise
    connected.labels(database).set(1)


def _count_written(points: int) -> None:
    batch_points.observe(points)
    points_written_total.inc(points)


def _count_failure(database: str, error: BaseException) -> None:
    errors_total.labels(database).inc()
    # A database that answers, even with a refusal, is connected.
    connected.labels(database).set(isinstance(error, ApiException))


def _connections(pools: PoolManager) -> tuple[int, int]:
    """Connections in use, and idle ones."""
    known = [pools.pools.get(key) for key in pools.pools.keys()]  # noqa: SIM118 - it can't be iterated
    queues = [pool.pool for pool in known if pool is not None and pool.pool is not None]
    idle = sum(connection is not None for queue in queues for connection in list(queue.queue))
    return sum(queue.maxsize - queue.qsize() for queue in queues), idle
