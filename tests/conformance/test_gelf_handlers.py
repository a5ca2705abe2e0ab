"""Python's handlers for GELF over HTTP, unchanged: pygelf and graypy."""

import logging
import os

import pytest
from graypy import GELFHTTPHandler
from pygelf import GelfHttpHandler

from tests.aggregator.running_aggregator import Aggregator

pytestmark = pytest.mark.filterwarnings(
    # Neither of them closes its connections.
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore::ResourceWarning",
)


def log_twice(handler: logging.Handler, mark: str) -> None:
    logger = logging.getLogger("shop.cart")
    logger.addHandler(handler)
    logger.warning("%s first", mark, extra={"room": "attic", "amount": 1.5})
    try:
        raise TimeoutError("too slow")  # noqa: TRY301 - what is logged
    except TimeoutError:
        logger.exception("%s second", mark)
    logger.removeHandler(handler)
    handler.close()


def check(aggregator: Aggregator, mark: str, **common: str) -> None:
    first, second = aggregator.wait_for(mark, 2)
    common |= {"logger": "shop.cart", "source": "gelf"}
    assert (
        common | {"level": "WARNING", "message": f"{mark} first", "room": "attic"}
    ).items() <= first.items()
    assert first["amount"] == 1.5
    assert (common | {"level": "ERROR", "message": f"{mark} second"}).items() <= second.items()
    assert (second["exception_type"], second["exception_message"]) == ("TimeoutError", "too slow")
    assert second["exception"].startswith("Traceback (most recent call last):\n  File ")


@pytest.mark.parametrize("compress", [True, False])
def test_pygelf(aggregator: Aggregator, compress: bool) -> None:
    mark = os.urandom(8).hex()
    handler = GelfHttpHandler(
        host="127.0.0.1",
        port=aggregator.intake_port,
        compress=compress,
        debug=True,
        include_extra_fields=True,
        _service="shop",
    )
    handler.headers["Authorization"] = f"Bearer {aggregator.token('ingest')}"
    log_twice(handler, mark)
    check(aggregator, mark, service="shop")


@pytest.mark.parametrize("compress", [True, False])
def test_graypy(aggregator: Aggregator, compress: bool) -> None:
    mark = os.urandom(8).hex()
    handler = GELFHTTPHandler("127.0.0.1", aggregator.intake_port, compress=compress, localname="pi")
    handler.headers["Authorization"] = f"Bearer {aggregator.token('ingest')}"
    log_twice(handler, mark)
    check(aggregator, mark, host="pi")
