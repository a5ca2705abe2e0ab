"""An aggregator that listens for a protocol by UDP and TCP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.aggregator.running_aggregator import Aggregator, free_port, running


@dataclass(frozen=True)
class Listening:
    """An aggregator, and the ports of the protocol."""

    aggregator: Aggregator
    udp: int
    tcp: int


@contextmanager
def listening_for(protocol: str, data: Path) -> Iterator[Listening]:
    """Run an aggregator that listens for a protocol, as its options name it."""
    udp, tcp = free_port(), free_port()
    options = (f"--{protocol}-udp-port", str(udp), f"--{protocol}-tcp-port", str(tcp))
    with running(data, *options) as aggregator:
        yield Listening(aggregator, udp, tcp)
