"""Where the repository keeps what the parts are started from."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEVELOPMENT_PYTHON = ROOT / ".venvs/development/bin/python"
HOME_ASSISTANT_PYTHON = ROOT / ".venvs/home-assistant/bin/python"
INTEGRATION = ROOT / "custom_components/ha_ingestor"
FIND_VICTORIA_METRICS = ROOT / "scripts/victoria-metrics"
