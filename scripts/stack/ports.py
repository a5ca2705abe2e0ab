"""Ports that the parts listen on."""

import socket

from stack.errors import PortInUseError

HOST = "127.0.0.1"


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
