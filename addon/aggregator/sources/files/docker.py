"""Docker's folder of containers, whose output its json-file driver keeps there."""

import socket
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from aggregator.sources.files.docker_lines import DockerLines
from aggregator.sources.files.follow import Follower, Found
from aggregator.sources.files.lines import FileLines
from aggregator.sources.source import Outlet

NAME: Final = "docker"
_log = structlog.get_logger(__name__)
_PROJECT: Final = "com.docker.compose.project"
_SERVICE: Final = "com.docker.compose.service"


class DockerContainers:
    """The output of containers.

    Args:
        folder: Docker's, `/var/lib/docker/containers` as a rule.
    """

    name = NAME

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._host = socket.gethostname()

    def read(self, outlet: Outlet) -> None:
        """Follow the containers' files."""
        Follower(outlet, self._find, f"no container writes to {self._folder}").run()

    def _find(self) -> Found:
        for path in sorted(self._folder.glob("*/*-json.log")):
            yield path, partial(self._lines, path)

    def _lines(self, path: Path) -> FileLines:
        fields = {**fields_of(path), "host": self._host}
        return DockerLines(msgspec.json.encode(fields)[1:-1], fields.keys())


def fields_of(path: Path) -> Mapping[str, str]:
    """Return what Docker says of the container that a file is of.

    The service is the one of Compose, else the container's name, else the beginning of its ID.
    """
    container_id = path.parent.name
    try:
        described: Mapping[str, Any] = msgspec.json.decode((path.parent / "config.v2.json").read_bytes())
        name = str(described["Name"]).removeprefix("/")
        config = described.get("Config") or {}
        labels = config.get("Labels") or {}
        image = config.get("Image")
    except (OSError, msgspec.DecodeError, KeyError, AttributeError, TypeError) as error:
        _log.warning("a container's description can't be read", container=container_id, reason=str(error))
        return {"service": container_id[:12], "container_id": container_id}
    fields = {
        "service": labels.get(_SERVICE) or name,
        "container": name,
        "container_id": container_id,
        "image": image,
        "compose_project": labels.get(_PROJECT),
    }
    return {field: value for field, value in fields.items() if isinstance(value, str) and value}
