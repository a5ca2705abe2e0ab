"""Ports that the parts listen on."""

import socket
from collections.abc import Mapping

from stack.errors import PortInUseError, SharedPortError

HOST = "127.0.0.1"
PORTS = range(1, 1 << 16)


def require_distinct_ports(ports: Mapping[str, int]) -> None:
    """Make sure that no two parts are to listen on one port.

    Args:
        ports: TCP port by the command line option that changes it.

    Raises:
        SharedPortError: two are the same.
    """
    options: dict[int, str] = {}
    for option, port in ports.items():
        if port in options:
            raise SharedPortError(port, options[port], option)
        options[port] = option


def require_free_port(part: str, port: int, option: str) -> None:
    """Make sure that a part can listen on its port.

    Args:
        part: the part's name, for the message.
        port: TCP port on this machine.
        option: command line option that changes the port, for the message.

    Raises:
        PortInUseError: another program listens there.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortInUseError(part, port, option) from error


def pick_free_port() -> int:
    """Return a TCP port that nothing listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
