"""Constants of the HA Ingestor integration."""

from datetime import timedelta
from typing import Final

DOMAIN: Final = "ha_ingestor"

CONF_RETENTION_DAYS: Final = "retention_days"
CONF_FORWARD_CORE_LOG: Final = "forward_core_log"
MIN_RETENTION_DAYS: Final = 1
MAX_RETENTION_DAYS: Final = 3650

STATS_INTERVAL_S: Final = 5
"""How often the aggregator pushes its statistics."""

POLL_INTERVAL: Final = timedelta(seconds=30)
"""How often the statistics are fetched while no push arrives; each push starts it anew."""

MIN_RETRY_S: Final = 1.0
MAX_RETRY_S: Final = 10.0
"""Wait before a live connection is opened again: doubled after each attempt, up to this."""
