"""Folders of containers as Docker makes them, which a real aggregator reads.

Docker itself can't run here: the files are written as its json-file driver writes them.
"""

import json
from pathlib import Path

from aggregator.sources.files.docker import fields_of
from tests.aggregator.running_aggregator import running
from tests.aggregator.sources.files.test_docker_lines import written

ID = "0123456789abcdef" * 4


def container(folder: Path, name: str = "/shop-web-1", **labels: str) -> Path:
    made = folder / ID
    made.mkdir(parents=True)
    described = {"ID": ID, "Name": name, "Config": {"Image": "nginx:1", "Labels": labels}}
    (made / "config.v2.json").write_text(json.dumps(described))
    return made / f"{ID}-json.log"


def test_containers_are_read_and_followed_through_a_rotation(tmp_path: Path) -> None:
    file = container(
        tmp_path / "containers",
        **{"com.docker.compose.project": "shop", "com.docker.compose.service": "web"},
    )
    file.write_bytes(written("INFO:root:one\n") + b"\n" + written("INFO:root:tw") + b"\n")
    with running(tmp_path / "data", "--docker", str(tmp_path / "containers")) as aggregator:
        (row,) = aggregator.wait_for("source:docker message:one", 1)
        expected = {
            "service": "web",
            "container": "shop-web-1",
            "container_id": ID,
            "image": "nginx:1",
            "compose_project": "shop",
            "stream": "stdout",
            "level": "INFO",
            "timestamp": "2026-11-23T10:00:00.123456789Z",
        }
        assert row.items() >= expected.items()
        file.rename(f"{file}.1")
        file.write_bytes(written("INFO:root:three\n") + b"\n")
        aggregator.wait_for("source:docker message:three", 1)


def test_a_container_without_compose_is_named_by_its_name(tmp_path: Path) -> None:
    assert fields_of(container(tmp_path, "/mqtt"))["service"] == "mqtt"


def test_a_container_without_a_description_is_named_by_its_id(tmp_path: Path) -> None:
    file = container(tmp_path)
    (tmp_path / ID / "config.v2.json").write_text("{")
    assert fields_of(file) == {"service": ID[:12], "container_id": ID}
