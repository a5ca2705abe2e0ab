"""The example ingestor as a part of the system."""

from pathlib import Path

from stack.places import DEVELOPMENT_PYTHON, ROOT
from stack.process import Part

# What the integration makes of the aggregator and of this service: a line about each of its changes
# would change it again.
_IGNORED_ENTITIES = "sensor.ha_ingestor_*,sensor.event_ingestor_*"


def make_event_ingestor(
    *,
    home_assistant: tuple[str, str],
    influxdb: tuple[str, str],
    aggregator: tuple[str, str],
    log_file: Path,
) -> Part:
    """Describe the example ingestor.

    Args:
        home_assistant: URL and long-lived access token.
        influxdb: URL and token of the InfluxDB v2 API that takes the points.
        aggregator: URL and ingest token.
        log_file: where its output goes.
    """
    return Part(
        name="event-ingestor",
        command=[str(DEVELOPMENT_PYTHON), "-m", "event_ingestor"],
        log_file=log_file,
        environment={
            "PYTHONPATH": f"{ROOT / 'examples'}:{ROOT}",
            "HOME_ASSISTANT_URL": home_assistant[0],
            "HOME_ASSISTANT_TOKEN": home_assistant[1],
            "INFLUXDB_URL": influxdb[0],
            "INFLUXDB_TOKEN": influxdb[1],
            "INFLUXDB_ORG": "home",
            "INFLUXDB_BUCKET": "home_assistant",
            "IGNORED_ENTITIES": _IGNORED_ENTITIES,
            "HA_INGESTOR_LOG_URL": aggregator[0],
            "HA_INGESTOR_LOG_TOKEN": aggregator[1],
        },
    )
