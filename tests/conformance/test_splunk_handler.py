"""splunk-handler, unchanged."""

import logging
import os

from splunk_handler import SplunkHandler

from tests.aggregator.running_aggregator import Aggregator


def test_splunk_handler(aggregator: Aggregator) -> None:
    mark = os.urandom(8).hex()
    handler = SplunkHandler(
        host="127.0.0.1",
        port=aggregator.intake_port,
        protocol="http",
        token=aggregator.token("ingest"),
        index="main",
        hostname="pi",
        source="shop",
        verify=False,
        flush_interval=0.2,
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("shop.cart")
    logger.addHandler(handler)
    try:
        logger.warning("%s first", mark)
        try:
            raise TimeoutError("too slow")  # noqa: TRY301 - what is logged
        except TimeoutError:
            logger.exception("%s second", mark)
        handler.force_flush()
    finally:
        logger.removeHandler(handler)
        handler.close()

    first, second = aggregator.wait_for(mark, 2)
    common = {"host": "pi", "sent_source": "shop", "index": "main", "sourcetype": "text", "source": "splunk"}
    common |= {"logger": "shop.cart"}
    assert (common | {"level": "WARNING", "message": f"{mark} first"}).items() <= first.items()
    assert (common | {"level": "ERROR", "message": f"{mark} second"}).items() <= second.items()
    assert (second["exception_type"], second["exception_message"]) == ("TimeoutError", "too slow")
