import json
from pathlib import Path

from stack.home_assistant import write_configuration
from stack.places import INTEGRATION


def _server_settings(folder: Path) -> dict[str, object]:
    stored = json.loads((folder / ".storage/http").read_text(encoding="utf-8"))
    settings: dict[str, object] = stored["data"]["stable"]
    return settings


def test_the_integration_is_linked_into_the_configuration(tmp_path: Path) -> None:
    write_configuration(tmp_path, 8123)
    assert (tmp_path / "custom_components/ha_ingestor").resolve() == INTEGRATION.resolve()


def test_a_link_to_another_checkout_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "custom_components/ha_ingestor"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "elsewhere")
    write_configuration(tmp_path, 8123)
    assert link.readlink() == INTEGRATION


def test_what_the_user_edited_is_kept(tmp_path: Path) -> None:
    write_configuration(tmp_path, 8123)
    file = tmp_path / "configuration.yaml"
    file.write_text("frontend:\n", encoding="utf-8")
    write_configuration(tmp_path, 8123)
    assert file.read_text(encoding="utf-8") == "frontend:\n"


def test_the_port_follows_the_option_and_only_this_machine_is_served(tmp_path: Path) -> None:
    for port in (8123, 9000):
        write_configuration(tmp_path, port)
        assert _server_settings(tmp_path)["server_port"] == port
        assert _server_settings(tmp_path)["server_host"] == ["127.0.0.1"]
