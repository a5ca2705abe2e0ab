"""The app's configuration against the rules that the Supervisor documents."""

import ast
import re
import runpy
import struct
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from aggregator import __version__
from aggregator.config import DEFAULT_INTAKE_PORT, DEFAULT_PORT, LOG_LEVELS

yaml = pytest.importorskip("yaml", reason="PyYAML reads the app's configuration")

ADDON = Path(__file__).parents[2] / "addon"
PORTS = (f"{DEFAULT_PORT}/tcp", f"{DEFAULT_INTAKE_PORT}/tcp")
TOKENLESS_PORTS = ("5514/udp", "5514/tcp", "12201/udp", "12201/tcp")
"""Of syslog and of GELF."""

REQUIRED = {"name", "version", "slug", "description", "arch"}
OPTIONAL = {
    *("url", "image", "startup", "boot", "init", "timeout", "stage", "tmpfs", "ulimits", "environment"),
    *("watchdog", "ingress", "ingress_port", "ingress_entry", "ingress_stream"),
    *("panel_icon", "panel_title", "panel_admin", "ports", "ports_description", "host_network"),
    *("homeassistant", "homeassistant_api", "hassio_api", "hassio_role", "auth_api", "discovery", "services"),
    *("map", "privileged", "apparmor", "full_access", "docker_api", "journald"),
    *("backup", "backup_pre", "backup_post", "backup_exclude", "breaking_versions", "options", "schema"),
}
OPTION_TYPE = re.compile(
    r"(?:str|int|float)(?:\([0-9.,-]*\))?\??|(?:bool|email|url|password|port)\??"
    r"|match\(.*\)\??|list\(.+\)\??|device(?:\(.*\))?\??"
)


def load(name: str) -> dict[str, Any]:
    """Return a YAML file of the app."""
    content: dict[str, Any] = yaml.safe_load((ADDON / name).read_text())
    return content


def imported_modules(node: ast.AST) -> list[str]:
    """Return the modules that a statement imports."""
    match node:
        case ast.Import(names=names):
            return [name.name for name in names]
        case ast.ImportFrom(module=str(module)):
            return [module]
        case _:
            return []


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the app's configuration."""
    return load("config.yaml")


def test_every_key_is_known_and_the_required_ones_are_there(config: dict[str, Any]) -> None:
    assert config.keys() >= REQUIRED
    assert not config.keys() - REQUIRED - OPTIONAL


def test_values_are_of_the_documented_kinds(config: dict[str, Any]) -> None:
    assert set(config["arch"]) == {"aarch64", "amd64"}
    assert re.fullmatch(r"[-_.A-Za-z0-9]+", config["slug"])
    assert config["startup"] in {"initialize", "system", "services", "application", "once"}
    assert config["boot"] in {"auto", "manual", "manual_only"}
    assert config["backup"] in {"hot", "cold"}
    assert 10 <= config["timeout"] <= 300
    assert re.fullmatch(r"mdi:[a-z-]+", config["panel_icon"])
    assert re.fullmatch(r"[-_.a-z0-9]+(?:/[-_.a-z0-9]+)+", config["image"])
    assert [folder["type"] for folder in config["map"]] == ["app_config", "share"]
    assert all(re.fullmatch(r"\d+/(?:tcp|udp)", port) for port in config["ports"])


def test_the_version_is_the_aggregators(config: dict[str, Any]) -> None:
    package = tomllib.loads((ADDON / "pyproject.toml").read_text())

    assert config["version"] == __version__ == package["project"]["version"]
    assert f"ARG BUILD_VERSION={__version__}\n" in (ADDON / "Dockerfile").read_text()
    assert f"\n## {__version__}\n" in (ADDON / "CHANGELOG.md").read_text()


def test_one_port_serves_ingress_and_watchdog_and_another_the_senders_of_other_servers(
    config: dict[str, Any],
) -> None:
    assert config["ingress_port"] == DEFAULT_PORT
    assert config["watchdog"] == f"http://[HOST]:[PORT:{DEFAULT_PORT}]/health"
    assert list(config["ports"]) == list(config["ports_description"]) == [*PORTS, *TOKENLESS_PORTS]
    dockerfile = (ADDON / "Dockerfile").read_text()
    assert all(f"EXPOSE {port.removesuffix('/tcp')}\n" in dockerfile for port in PORTS)
    assert all(f"EXPOSE {port}\n" in dockerfile for port in TOKENLESS_PORTS)


def test_what_needs_no_token_is_off_until_its_option_is_on(config: dict[str, Any]) -> None:
    ports: dict[str, dict[str, str]] = runpy.run_path(str(ADDON / "start.py"))["PORTS"]
    assert not any(config["options"][option] for option in ports)
    assert {port for option in ports.values() for port in option.values()} == {
        port.partition("/")[0] for port in TOKENLESS_PORTS
    }


def test_the_ports_are_closed_until_their_owner_opens_them(config: dict[str, Any]) -> None:
    assert set(config["ports"].values()) == {None}


def test_the_app_asks_for_no_rights(config: dict[str, Any]) -> None:
    rights = {
        *("hassio_api", "homeassistant_api", "auth_api", "docker_api", "full_access", "host_network"),
        *("privileged", "hassio_role"),
    }
    assert not rights & config.keys()
    assert config.get("apparmor", True) is True


def test_the_journal_is_there_to_be_read_and_nothing_else(config: dict[str, Any]) -> None:
    profile = (ADDON / "apparmor.txt").read_text()

    assert config["journald"] is True
    assert re.findall(r"^  (/\S*journal\S*) (\w+),$", profile, re.MULTILINE) == [
        ("/usr/bin/journalctl", "ix"),
        ("/{var,run}/log/journal/", "r"),
        ("/{var,run}/log/journal/**", "r"),
    ]


def test_each_option_has_a_default_that_its_type_allows(config: dict[str, Any]) -> None:
    assert config["options"].keys() == config["schema"].keys()
    assert all(OPTION_TYPE.fullmatch(kind) for kind in config["schema"].values())
    assert config["schema"]["log_level"] == f"list({'|'.join(LOG_LEVELS)})"
    assert config["options"]["log_level"] in LOG_LEVELS
    assert config["options"] == runpy.run_path(str(ADDON / "start.py"))["DEFAULTS"]


def test_each_option_and_port_is_translated(config: dict[str, Any]) -> None:
    translation = load("translations/en.yaml")

    assert translation.keys() == {"configuration", "network"}
    assert translation["configuration"].keys() == config["schema"].keys()
    assert all(text["name"] and text["description"] for text in translation["configuration"].values())
    assert translation["network"].keys() == config["ports"].keys()


def test_each_option_and_port_is_documented(config: dict[str, Any]) -> None:
    documentation = (ADDON / "DOCS.md").read_text()
    names = [text["name"] for text in load("translations/en.yaml")["configuration"].values()]

    assert all(f"| {name} |" in documentation for name in (*names, *config["ports"]))


def test_the_security_profile_bears_the_apps_slug(config: dict[str, Any]) -> None:
    assert f"\nprofile {config['slug']} " in (ADDON / "apparmor.txt").read_text()


def test_of_the_shared_folder_only_the_archive_is_writable() -> None:
    profile = (ADDON / "apparmor.txt").read_text()
    rules = re.findall(r"^  (/share\S*) (\w+),$", profile, re.MULTILINE)

    assert rules == [("/share/", "r"), ("/share/ha_ingestor/", "rw"), ("/share/ha_ingestor/**", "rwk")]


def test_snapshots_may_share_files_with_the_store() -> None:
    assert re.search(
        r"^  /data/aggregator/\*\* \w*l\w*,$", (ADDON / "apparmor.txt").read_text(), re.MULTILINE
    )


@pytest.mark.parametrize(("name", "width", "height"), [("icon.png", 128, 128), ("logo.png", 405, 180)])
def test_images_have_the_size_that_the_store_shows(name: str, width: int, height: int) -> None:
    content = (ADDON / name).read_bytes()

    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (width, height)


def test_the_image_holds_every_module_that_the_aggregator_imports() -> None:
    pinned = {
        line.split("==")[0].replace("-", "_")
        for line in (ADDON / "requirements.txt").read_text().splitlines()
        if re.match(r"[a-z]", line)
    }
    imported = {
        module.split(".")[0]
        for path in ADDON.glob("**/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for module in imported_modules(node)
    }
    # A module of a later Python, behind a check of the version.
    third_party = imported - sys.stdlib_module_names - {"aggregator", "compression"}
    assert third_party
    packages = {"backports": "backports_zstd", "_duckdb": "duckdb", "google": "protobuf"}
    assert {packages.get(name, name) for name in third_party} <= pinned
