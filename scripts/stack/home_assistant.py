"""Home Assistant as a part of the system, with a small house of its own."""

import json
from pathlib import Path

from stack.places import HOME_ASSISTANT_PYTHON, INTEGRATION
from stack.ports import HOST
from stack.process import Part

# Home Assistant ends with this status to be started again.
RESTART_STATUS = 100

_CONFIGURATION = """\
# A small house whose states change by themselves. Yours to edit: it is written only when it is missing.
frontend:
history:
logbook:
recorder:
sun:
automation: !include automations.yaml
script: !include scripts.yaml

logger:
  default: warning
  logs:
    custom_components.ha_ingestor: info
    # Cameras, which this house has none of.
    haffmpeg: critical
    homeassistant.components.camera: critical

input_boolean:
  boiler:
    name: Boiler
    icon: mdi:water-boiler
  porch_light:
    name: Porch light
    icon: mdi:coach-lamp

input_number:
  target_temperature:
    name: Target temperature
    min: 15
    max: 25
    step: 0.5
    initial: 21
    unit_of_measurement: °C

template:
  - triggers:
      - trigger: time_pattern
        seconds: /5
    sensor:
      - name: Living room temperature
        unique_id: living_room_temperature
        device_class: temperature
        state_class: measurement
        unit_of_measurement: °C
        state: "{{ (21 + 1.5 * sin(now().timestamp() / 180)) | round(2) }}"
      - name: Power
        unique_id: power
        device_class: power
        state_class: measurement
        unit_of_measurement: W
        state: "{{ range(180, 900) | random }}"
  - triggers:
      - trigger: time_pattern
        seconds: /15
    sensor:
      - name: Kitchen humidity
        unique_id: kitchen_humidity
        device_class: humidity
        state_class: measurement
        unit_of_measurement: "%"
        state: "{{ (48 + 6 * cos(now().timestamp() / 240)) | round(1) }}"
"""

_AUTOMATIONS = """\
- id: heat_the_living_room
  alias: Heat the living room
  triggers:
    - trigger: state
      entity_id: sensor.living_room_temperature
  actions:
    - if:
        - condition: template
          value_template: >-
            {{ states('sensor.living_room_temperature') | float(0)
               < states('input_number.target_temperature') | float(0) }}
      then:
        - action: input_boolean.turn_on
          target:
            entity_id: input_boolean.boiler
      else:
        - action: input_boolean.turn_off
          target:
            entity_id: input_boolean.boiler
  mode: single
"""

# The HTTP server's settings as Home Assistant itself stores them; it takes them from there only.
_HTTP_SETTINGS = {
    "cors_allowed_origins": [],
    "login_attempts_threshold": -1,
    "ip_ban_enabled": True,
    "ssl_profile": "modern",
    "use_x_frame_options": True,
    "created_at": "2026-11-01T00:00:00+00:00",
    "error": None,
    "error_message": None,
}


def make_home_assistant(folder: Path, log_file: Path, port: int) -> Part:
    """Describe Home Assistant.

    Args:
        folder: its configuration folder, prepared by `write_configuration`.
        log_file: where its output goes.
        port: TCP port to listen on.
    """
    return Part(
        name="Home Assistant",
        command=[
            str(HOME_ASSISTANT_PYTHON),
            "-m",
            "homeassistant",
            *("--config", str(folder)),
            "--skip-pip",
        ],
        log_file=log_file,
        url=f"http://{HOST}:{port}",
        health_path="/manifest.json",
        start_timeout_s=150.0,
    )


def write_configuration(folder: Path, port: int) -> None:
    """Fill a configuration folder with what is missing in it, set the port, put the integration into it.

    Args:
        folder: the configuration folder; Home Assistant must not be running on it.
        port: TCP port that it is to listen on.
    """
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    settings = {**_HTTP_SETTINGS, "server_host": [HOST], "server_port": port}
    data = {"stable": settings, "pending": None, "yaml_migration_done": True}
    stored = {"version": 2, "minor_version": 2, "key": "http", "data": data}
    (storage / "http").write_text(json.dumps(stored), encoding="utf-8")
    for name, text in (
        ("configuration.yaml", _CONFIGURATION),
        ("automations.yaml", _AUTOMATIONS),
        ("scripts.yaml", ""),
    ):
        file = folder / name
        if not file.exists():
            file.write_text(text, encoding="utf-8")
    link = folder / "custom_components" / INTEGRATION.name
    link.parent.mkdir(exist_ok=True)
    if link.is_symlink() and link.readlink() != INTEGRATION:
        link.unlink()
    if not link.is_symlink():
        link.symlink_to(INTEGRATION)
