"""Log libraries of Node.js, unchanged: Elasticsearch's client, OpenTelemetry, pino and winston."""

import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.aggregator.running_aggregator import Aggregator

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node() -> str:
    assert (FOLDER / "node_modules").is_dir(), "scripts/prepare gets the packages"
    folder = subprocess.run([ROOT / "scripts/node"], check=True, capture_output=True, text=True).stdout
    return str(Path(folder.strip()) / "node")


def run(node: str, program: str, aggregator: Aggregator, mark: str, **more: str) -> None:
    environment = {"URL": aggregator.intake_url, "TOKEN": aggregator.token("ingest"), "MARK": mark, **more}
    done = subprocess.run(
        [node, program],
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def check(row: dict[str, Any], **expected: object) -> None:
    assert expected.items() <= row.items(), row


def is_recent(row: dict[str, Any]) -> bool:
    age = datetime.now().astimezone() - datetime.fromisoformat(row["timestamp"])
    return -1 <= age.total_seconds() <= 60


def test_elasticsearch(node: str, aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    run(node, "elasticsearch.mjs", aggregator, mark)
    for number, row in enumerate(aggregator.wait_for(mark, 20)):
        time = f"2026-11-29T10:00:{number:02}Z"
        check(
            row,
            timestamp=time,
            message=f"{mark} {number}",
            level="WARNING",
            service="node-shop",
            number=number,
        )


def test_pino_elasticsearch(node: str, aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    run(node, "pino-elasticsearch.mjs", aggregator, mark)
    first, second = aggregator.wait_for(mark, 2)
    check(first, message=f"{mark} 0", level="INFO", service="pino-shop", logger="cart", number=0)
    check(second, message=f"{mark} 1", level="ERROR", service="pino-shop", logger="cart", number=1)
    check(second, exception_type="TypeError", exception_message="no cart")
    assert first["_index"] == f"pino-{first['timestamp'][:10]}"
    assert is_recent(first)


def test_pino_loki(node: str, aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    run(node, "pino-loki.mjs", aggregator, mark)
    first, second = aggregator.wait_for(mark, 2)
    common = {"service": "pino-shop", "logger": "cart", "source": "loki"}
    check(first, message=f"{mark} 0", level="INFO", number=0, **common)
    check(first, trace_id="0af7651916cd43dd8448eb211c80319c")
    check(second, message=f"{mark} 1", level="ERROR", number=1, **common)
    check(second, exception_type="TypeError", exception_message="no cart")
    assert is_recent(first)


@pytest.mark.parametrize("json", ["true", "false"])
def test_winston_loki(node: str, aggregator: Aggregator, json: str) -> None:
    mark = os.urandom(8).hex()
    run(node, "winston-loki.mjs", aggregator, mark, JSON=json)
    first, second = aggregator.wait_for(mark, 2)
    common = {"service": "winston-shop", "room": "attic", "source": "loki"}
    check(first, level="INFO", **common)
    assert first["message"].startswith(f"{mark} 0")
    check(second, level="ERROR", **common)
    assert second["message"].startswith(f"{mark} 1")
    assert is_recent(first)


@pytest.mark.parametrize("encoding", ["json", "protobuf"])
def test_opentelemetry(node: str, aggregator: Aggregator, encoding: str) -> None:
    mark = os.urandom(8).hex()
    run(node, "opentelemetry.mjs", aggregator, mark, ENCODING=encoding)
    first, second = aggregator.wait_for(mark, 2)
    common = {"service": "node-shop", "host": "pi", "logger": "shop.cart", "source": "otlp"}
    check(first, level="WARNING", message=f"{mark} 0", **common)
    check(first, amount=1.5, rooms=["attic", "cellar"], nested={"deep": True})
    check(second, level="ERROR", message=f"{mark} 1", number=1, **common)
    assert is_recent(first)


def test_splunk_logging(node: str, aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    run(node, "splunk-logging.mjs", aggregator, mark)
    first, second = aggregator.wait_for(mark, 2)
    common = {"host": "pi", "sent_source": "shop", "source": "splunk"}
    check(first, level="INFO", message=f"{mark} 0", **common)
    check(second, level="ERROR", **common)
    assert mark in second["message"]
    assert is_recent(first)
