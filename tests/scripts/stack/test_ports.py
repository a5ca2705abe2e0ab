import socket

import pytest

from stack.errors import PortInUseError, SharedPortError
from stack.ports import HOST, pick_free_port, require_distinct_ports, require_free_port


def test_ports_that_differ_are_accepted() -> None:
    require_distinct_ports({"--aggregator-port": 8480, "--home-assistant-port": 8123})


def test_one_port_for_two_parts_names_both_options() -> None:
    with pytest.raises(SharedPortError, match=r"--aggregator-port and --home-assistant-port .* 8480"):
        require_distinct_ports(
            {"--aggregator-port": 8480, "--metrics-port": 8428, "--home-assistant-port": 8480}
        )


def test_a_free_port_is_accepted() -> None:
    require_free_port("aggregator", pick_free_port(), "--aggregator-port")


def test_a_busy_port_names_the_part_the_port_and_the_option() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"aggregator .* {port}.*--aggregator-port"):
            require_free_port("aggregator", port, "--aggregator-port")


def test_a_port_that_was_just_closed_is_free() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection((HOST, port))
        connection, _ = server.accept()
        # The side that closes first keeps the connection's end in TIME_WAIT.
        connection.close()
        client.close()
    require_free_port("aggregator", port, "--aggregator-port")
