"""What sends GELF by UDP and TCP, unchanged: pygelf, graypy and gelf-pro."""

import logging
import os
import subprocess
from collections.abc import Iterator

import pytest
from graypy import GELFTCPHandler, GELFUDPHandler
from graypy.handler import GELFWarningChunker
from pygelf import GelfTcpHandler, GelfUdpHandler

from tests.conformance.listening import Listening, listening_for
from tests.conformance.test_gelf_handlers import check, log_twice
from tests.conformance.test_node_clients import FOLDER, node

__all__ = ["node"]


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    with listening_for("gelf", tmp_path_factory.mktemp("aggregator")) as found:
        yield found


def log_long(handler: logging.Handler, mark: str, size: int) -> None:
    logger = logging.getLogger("shop.long")
    logger.addHandler(handler)
    # What is random is not made shorter by compression.
    logger.warning("%s %s", mark, os.urandom(size).hex())
    logger.removeHandler(handler)
    handler.close()


@pytest.mark.parametrize("compress", [True, False])
def test_pygelf_by_udp(listening: Listening, mark: str, compress: bool) -> None:
    options = {"compress": compress, "debug": True, "include_extra_fields": True, "_service": "shop"}
    log_twice(GelfUdpHandler("127.0.0.1", listening.udp, **options), mark)
    check(listening.aggregator, mark, service="shop")
    log_long(GelfUdpHandler("127.0.0.1", listening.udp, **options), f"{mark}long", 20_000)
    (row,) = listening.aggregator.wait_for(f"{mark}long", 1)
    assert len(row["message"]) == len(f"{mark}long ") + 40_000


def test_pygelf_by_tcp(listening: Listening, mark: str) -> None:
    options = {"debug": True, "include_extra_fields": True, "_service": "shop"}
    log_twice(GelfTcpHandler("127.0.0.1", listening.tcp, **options), mark)
    check(listening.aggregator, mark, service="shop")


@pytest.mark.parametrize("compress", [True, False])
def test_graypy_by_udp(listening: Listening, mark: str, compress: bool) -> None:
    # Small chunks, so that every message needs several.
    handler = GELFUDPHandler(
        "127.0.0.1", listening.udp, GELFWarningChunker(100), compress=compress, localname="pi"
    )
    log_twice(handler, mark)
    check(listening.aggregator, mark, host="pi")


def test_graypy_by_tcp(listening: Listening, mark: str) -> None:
    log_twice(GELFTCPHandler("127.0.0.1", listening.tcp, localname="pi"), mark)
    check(listening.aggregator, mark, host="pi")


@pytest.mark.parametrize("adapter", ["udp", "tcp"])
def test_gelf_pro(listening: Listening, mark: str, node: str, adapter: str) -> None:
    port = listening.udp if adapter == "udp" else listening.tcp
    subprocess.run(
        [node, "gelf-pro.mjs"],
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"], "PORT": str(port), "ADAPTER": adapter, "MARK": mark},
        check=True,
        timeout=60,
    )
    # Without a time of its own, each has the time at which it came, by a connection of its own.
    rows = sorted(listening.aggregator.wait_for(mark, 2), key=lambda row: str(row["message"]))
    common = {"service": "pro-shop", "source": "gelf"}
    assert (common | {"level": "INFO", "message": f"{mark} 0", "number": 0}).items() <= rows[0].items()
    assert (common | {"level": "ERROR", "message": f"{mark} 1"}).items() <= rows[1].items()
    assert rows[1]["error_message"] == "no cart"
