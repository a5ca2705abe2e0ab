"""The sources that a configuration asks for."""

from aggregator.config import Pulled
from aggregator.sources.files.docker import DockerContainers
from aggregator.sources.files.tail import FileTail
from aggregator.sources.journal.directory import JournalDirectory
from aggregator.sources.source import Source


def configured(pulled: Pulled) -> list[Source]:
    """Return the sources to read."""
    sources: list[Source] = []
    if pulled.journal is not None:
        sources.append(JournalDirectory(pulled.journal))
    if pulled.tailed:
        sources.append(FileTail(pulled.tailed))
    if pulled.docker is not None:
        sources.append(DockerContainers(pulled.docker))
    return sources
