"""What hassfest and HACS check, as far as it can be checked here."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import hass_frontend
import pytest
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from PIL import Image

import custom_components.ha_ingestor as integration
from custom_components.ha_ingestor.const import DOMAIN
from custom_components.ha_ingestor.sensor import CORE_LOG_SENSORS, HUB_SENSORS, SERVICE_SENSORS, SensorKey
from tests.integration.harness import ClientSessionGenerator

FOLDER = Path(integration.__file__).parent
ROOT = FOLDER.parents[1]

SENSORS = (*HUB_SENSORS, *CORE_LOG_SENSORS, *SERVICE_SENSORS)
SENSOR_KEYS = {str(key) for key in SensorKey}


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def leaves(tree: object, path: str = "") -> dict[str, str]:
    if isinstance(tree, dict):
        return {
            key: text for name, sub in tree.items() for key, text in leaves(sub, f"{path}.{name}").items()
        }
    assert isinstance(tree, str), path
    return {path: tree}


def documented_error_codes() -> set[str]:
    """Codes of the table of errors in the API's documentation."""
    table = (ROOT / "docs/api.md").read_text().split("## Errors")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?:\d{3}[, \d]*) \| ([^|]+) \|", table, re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`(\w+)`", row)}


def test_manifest_has_what_hassfest_and_hacs_ask_for() -> None:
    manifest = read_json(FOLDER / "manifest.json")
    assert list(manifest) == ["domain", "name", *sorted(set(manifest) - {"domain", "name"})]
    assert manifest["domain"] == DOMAIN == FOLDER.name
    assert manifest["iot_class"] == "local_push"
    assert re.fullmatch(r"\d+\.\d+\.\d+", manifest["version"])
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    for key in ("documentation", "issue_tracker"):
        assert manifest[key].startswith("https://github.com/ha-ingestor/ha-ingestor")
    assert set(manifest) <= {
        "domain", "name", "codeowners", "config_flow", "dependencies", "documentation",
        "integration_type", "iot_class", "issue_tracker", "version",
    }  # fmt: skip


async def test_home_assistant_takes_the_manifest(hass: HomeAssistant) -> None:
    loaded = await async_get_integration(hass, DOMAIN)
    assert not loaded.is_built_in
    assert loaded.config_flow
    assert loaded.has_translations
    assert await loaded.resolve_dependencies() is not None


def test_every_home_assistant_component_that_is_imported_is_a_dependency() -> None:
    manifest = read_json(FOLDER / "manifest.json")
    source = "".join(path.read_text() for path in FOLDER.glob("*.py"))
    imported = set(re.findall(r"homeassistant\.components\.(\w+)", source))
    # Platforms of the integration need no dependency on what loads them.
    assert imported - {"diagnostics", "sensor"} == set(manifest["dependencies"])


def test_hacs_file_has_only_what_hacs_knows() -> None:
    hacs = read_json(ROOT / "hacs.json")
    known = {
        "name", "content_in_root", "country", "filename", "hacs", "hide_default_branch",
        "homeassistant", "persistent_directory", "render_readme", "zip_release",
    }  # fmt: skip
    assert set(hacs) <= known
    assert hacs["name"]
    assert hacs["zip_release"] is True
    assert hacs["filename"].endswith(".zip")
    assert hacs["homeassistant"] == "2026.10.0"


@pytest.mark.parametrize(("name", "size"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_brand_icon_is_a_square_png_of_the_asked_size(name: str, size: int) -> None:
    with Image.open(FOLDER / "brand" / name) as image:
        assert image.format == "PNG"
        assert image.size == (size, size)
        assert image.mode == "RGBA"


def test_every_sensor_has_a_name_and_an_icon() -> None:
    assert {str(description.key) for description in SENSORS} == SENSOR_KEYS
    translations = read_json(FOLDER / "translations/en.json")["entity"]["sensor"]
    icons = read_json(FOLDER / "icons.json")["entity"]["sensor"]
    assert set(translations) == set(icons) == SENSOR_KEYS
    assert all(entry["name"] for entry in translations.values())
    assert all(re.fullmatch(r"mdi:[a-z0-9-]+", icon["default"]) for icon in icons.values())


def test_every_icon_exists() -> None:
    names = {
        icon["name"] for icon in json.loads((hass_frontend.where() / "static/mdi/iconList.json").read_text())
    }
    used = leaves(read_json(FOLDER / "icons.json")).values()
    assert {icon.removeprefix("mdi:") for icon in used} - names == set()


def test_every_sensor_and_option_is_documented() -> None:
    guide = (ROOT / "docs/integration.md").read_text()
    translations = read_json(FOLDER / "translations/en.json")
    names = [sensor["name"] for sensor in translations["entity"]["sensor"].values()]
    names += translations["options"]["step"]["init"]["data"].values()
    names += translations["config"]["step"]["user"]["data"].values()
    assert [name for name in names if f"| {name} |" not in guide] == []


@pytest.mark.parametrize("description", SENSORS, ids=lambda sensor: sensor.key)
def test_a_sensor_has_its_unit_in_one_place(description: Any) -> None:
    translated = read_json(FOLDER / "translations/en.json")["entity"]["sensor"][description.key]
    # A number of something has its unit in its name: "1 errors" would be wrong.
    counts = {"errors_last_hour", "dropped", "refused_lines", "refused_requests", "core_log_dropped"}
    if description.key in counts:
        assert "unit_of_measurement" not in translated
        assert description.native_unit_of_measurement is None
        return
    has_unit = description.native_unit_of_measurement is not None or description.device_class == "timestamp"
    assert has_unit != ("unit_of_measurement" in translated)


def test_every_error_key_of_the_flows_is_translated() -> None:
    translations = read_json(FOLDER / "translations/en.json")
    source = (FOLDER / "config_flow.py").read_text()
    keys = {"invalid_url", "invalid_auth", "missing_scope", "cannot_connect", "unexpected_answer"}
    assert all(f'"{key}"' in source for key in keys)
    assert set(translations["config"]["error"]) == keys
    assert set(translations["options"]["abort"]) == keys - {"invalid_url"}
    assert set(translations["options"]["error"]) == keys - {"invalid_url"} | {"invalid_retention"}


def test_every_error_code_of_the_api_is_translated() -> None:
    codes = documented_error_codes()
    assert {"query_syntax", "invalid_field", "unauthorized", "disk_full"} <= codes
    messages = read_json(FOLDER / "translations/en.json")["exceptions"]
    assert codes - set(messages) == set()


def test_translations_have_no_links_no_markup_and_no_references() -> None:
    for path, text in leaves(read_json(FOLDER / "translations/en.json")).items():
        assert text.strip() == text, path
        assert text, path
        assert not re.search(r"https?://|<[a-z/]|\[%key:", text), path


def test_quality_scale_names_every_rule_once_with_reasons_for_exemptions() -> None:
    rules = load_yaml_dict(str(FOLDER / "quality_scale.yaml"))["rules"]
    assert len(rules) == 54
    for rule, state in rules.items():
        if isinstance(state, dict):
            assert state["status"] in {"done", "exempt", "todo"}, rule
            assert state["comment"], rule
        else:
            assert state in {"done", "todo"}, rule


async def test_the_icon_is_served_by_home_assistant(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "brands", {})
    client = await hass_client()
    response = await client.get(f"/api/brands/integration/{DOMAIN}/icon.png")
    assert response.status == HTTPStatus.OK
    icon = await hass.async_add_executor_job((FOLDER / "brand/icon.png").read_bytes)
    assert await response.read() == icon
