"""The deliveries that a configuration asks for."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ha_ingestor_logging.aggregator_client import AggregatorClient
from ha_ingestor_logging.delivery import Delivery
from ha_ingestor_logging.metrics_push import MetricsPush
from ha_ingestor_logging.output import Report
from ha_ingestor_logging.remote_levels import RemoteLevels
from ha_ingestor_logging.settings import Settings
from ha_ingestor_logging.spool import Spool

if TYPE_CHECKING:
    from ha_ingestor_logging.errand import Errand


def to_aggregator(
    settings: Settings,
    exposition: Callable[[], bytes],
    set_levels: Callable[[Mapping[str, int]], None],
    report: Report,
) -> Delivery:
    """The delivery of lines and metrics to the aggregator, from where levels come back.

    Args:
        settings: how this process logs.
        exposition: renders the metrics.
        set_levels: told which levels people have set there.
        report: logs what becomes of the connection.
    """
    client = AggregatorClient(
        settings.url or "", settings.token or "", settings.service, settings.request_timeout_s
    )
    errands: list[Errand] = []
    if settings.metrics_interval_s > 0:
        errands.append(MetricsPush(settings.metrics_interval_s, exposition, client.push_metrics))
    if settings.remote_levels_interval_s > 0:
        errands.append(
            RemoteLevels(settings.remote_levels_interval_s, client.fetch_levels, set_levels, report)
        )
    return Delivery(settings, client, _spool(settings, ""), errands, report)


def to_otlp_receiver(settings: Settings, report: Report) -> Delivery:
    """The delivery of lines to an OpenTelemetry collector, or whoever else speaks OTLP."""
    # Only who wants it needs the packages that it needs.
    from ha_ingestor_logging.otlp_client import OtlpClient  # noqa: PLC0415

    client = OtlpClient(
        settings.otlp_endpoint or "",
        settings.otlp_headers,
        settings.service_version,
        settings.request_timeout_s,
    )
    return Delivery(settings, client, _spool(settings, client.output), (), report)


def _spool(settings: Settings, subfolder: str) -> Spool | None:
    """The spool in a folder of its own, since whoever finds a batch in it sends it to its receiver."""
    return Spool(Path(settings.spool) / subfolder, settings.spool_size_bytes) if settings.spool else None
