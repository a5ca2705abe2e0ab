"""Python's handlers for Loki, unchanged: loki-logger-handler and python-logging-loki."""

import logging
import os
from collections.abc import Iterator
from datetime import datetime

import pytest
from logging_loki import LokiHandler
from loki_logger_handler.loki_logger_handler import LokiLoggerHandler

from tests.aggregator.running_aggregator import Aggregator


@pytest.fixture
def logger(request: pytest.FixtureRequest) -> Iterator[logging.Logger]:
    logger = logging.getLogger(request.node.name)
    logger.setLevel(logging.DEBUG)
    yield logger
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


def seconds_of(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("with_metadata", [True, False])
def test_loki_logger_handler(
    aggregator: Aggregator, logger: logging.Logger, *, compressed: bool, with_metadata: bool
) -> None:
    mark = os.urandom(8).hex()
    handler = LokiLoggerHandler(
        url=f"{aggregator.intake_url}/loki/api/v1/push",
        labels={"application": "shop", "environment": "home"},
        label_keys={},
        additional_headers={"Authorization": f"Bearer {aggregator.token('ingest')}"},
        compressed=compressed,
        timeout=1,
        enable_structured_loki_metadata=with_metadata,
        loki_metadata={"version": "1.2"} if with_metadata else None,
        loki_metadata_keys=["trace_id"],
    )
    logger.addHandler(handler)
    before_s = datetime.now().astimezone().timestamp()
    logger.info("%s first", mark, extra={"trace_id": "0AF7651916CD43DD8448EB211C80319C"})
    try:
        raise TimeoutError("too slow")  # noqa: TRY301 - what is logged
    except TimeoutError:
        logger.exception("%s second", mark)
    logger.handlers[0].flush_event.set()  # type: ignore[attr-defined]

    first, second = aggregator.wait_for(mark, 2)
    common = {"service": "shop", "environment": "home", "source": "loki"}
    assert (common | {"level": "INFO", "message": f"{mark} first"}).items() <= first.items()
    assert (common | {"level": "ERROR", "message": f"{mark} second"}).items() <= second.items()
    assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert first["logger"] == logger.name
    assert ("version" in first) == with_metadata
    assert "TimeoutError: too slow" in second["exception"]
    assert before_s - 0.001 <= seconds_of(first["timestamp"]) <= seconds_of(second["timestamp"]) + 0.001


@pytest.mark.parametrize(("version", "path"), [("1", "/loki/api/v1/push"), ("0", "/api/prom/push")])
def test_python_logging_loki(aggregator: Aggregator, logger: logging.Logger, version: str, path: str) -> None:
    mark = os.urandom(8).hex()
    logger.addHandler(
        LokiHandler(
            url=aggregator.intake_url + path,
            tags={"app": "shop"},
            auth=("loki", aggregator.token("ingest")),
            version=version,
        )
    )
    before_s = datetime.now().astimezone().timestamp()
    logger.warning('%s "quoted"', mark, extra={"tags": {"room": 'the "attic"'}})

    (row,) = aggregator.wait_for(mark, 1)
    expected = {
        "service": "shop",
        "level": "WARNING",
        "logger": logger.name,
        "room": 'the "attic"',
        "message": f'{mark} "quoted"',
        "source": "loki",
    }
    assert expected.items() <= row.items()
    assert before_s - 1 <= seconds_of(row["timestamp"]) <= before_s + 10
