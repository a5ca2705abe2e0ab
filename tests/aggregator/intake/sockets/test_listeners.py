"""Syslog that comes to a running aggregator by UDP, TCP and TLS."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from aggregator import limits
from tests.aggregator.running_aggregator import ADDON, Aggregator, free_port, running


@dataclass(frozen=True)
class Listening:
    """An aggregator with ports for syslog."""

    aggregator: Aggregator
    udp: int
    tcp: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.tcp), timeout=10)

    def counts(self) -> dict[str, Any]:
        sources = self.aggregator.request("GET", "/api/v1/stats", scope="read").json["sources"]
        none: dict[str, Any] = {"lines": 0, "refused_lines": {}, "refused_requests": {}}
        return sources.get("syslog", none)  # type: ignore[no-any-return]

    def open_connections(self) -> int:
        found = psutil.Process(self.aggregator.process.pid).net_connections("tcp")
        return sum(
            connection.laddr.port == self.tcp and connection.status == "ESTABLISHED" for connection in found
        )


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    udp, tcp = free_port(), free_port()
    options = ("--syslog-udp-port", str(udp), "--syslog-tcp-port", str(tcp), "--syslog-zone", "UTC")
    with running(tmp_path_factory.mktemp("aggregator"), *options) as aggregator:
        yield Listening(aggregator, udp, tcp)


@pytest.fixture
def mark() -> str:
    return os.urandom(8).hex()


def numbers(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["message"].split()[-1]) for row in rows]


def test_datagrams_are_stored_in_their_order(listening: Listening, mark: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(300):
            message = f"<12>Nov 29 10:00:00 attic app[7]: {mark} {number}"
            sender.sendto(message.encode(), ("127.0.0.1", listening.udp))
        sender.sendto(b"", ("127.0.0.1", listening.udp))
    rows = listening.aggregator.wait_for(mark, 300)
    assert numbers(rows) == list(range(300))
    expected = {"source": "syslog", "host": "attic", "service": "app", "procid": "7", "level": "WARNING"}
    assert all(expected.items() <= row.items() for row in rows)


@pytest.mark.parametrize("framing", ["lines", "counted"])
def test_a_stream_is_stored_in_its_order(listening: Listening, mark: str, framing: str) -> None:
    messages = [f"<12>Nov 29 10:00:00 attic app: {mark} {number}".encode() for number in range(5000)]
    form = b"%(text)b\n" if framing == "lines" else b"%(size)d %(text)b"
    with listening.connect() as connection:
        connection.sendall(b"".join(form % {b"text": text, b"size": len(text)} for text in messages))
    assert numbers(listening.aggregator.wait_for(mark, 5000)) == list(range(5000))


def test_lines_are_found_while_the_connection_stays_open(listening: Listening, mark: str) -> None:
    with listening.connect() as connection:
        connection.sendall(f"<13>app: {mark} first\n<13>app: {mark} sec".encode())
        listening.aggregator.wait_for(mark, 1)
        connection.sendall(b"ond\n")
        assert [row["host"] for row in listening.aggregator.wait_for(mark, 2)] == ["127.0.0.1"] * 2


def test_a_message_that_is_too_long_is_cut_and_counted(listening: Listening, mark: str) -> None:
    before = listening.counts()["refused_lines"].get("too_long", 0)
    with listening.connect() as connection:
        connection.sendall(b"<13>" + mark.encode() + b" " + b"x" * 2 * limits.MESSAGE_BYTES + b"\n")
        connection.sendall(f"<13>{mark} next\n".encode())
    rows = listening.aggregator.wait_for(mark, 2)
    assert sorted(len(row["message"]) for row in rows) == [21, limits.MESSAGE_BYTES - 4]
    assert listening.counts()["refused_lines"]["too_long"] == before + 1


def test_connections_past_the_limit_are_turned_away_and_counted(listening: Listening, mark: str) -> None:
    connections = [listening.connect() for _ in range(limits.CONNECTIONS)]
    try:
        connections[-1].sendall(f"<13>{mark} last\n".encode())
        listening.aggregator.wait_for(mark, 1)
        with listening.connect() as extra:
            assert extra.recv(1) == b""
        assert listening.counts()["refused_requests"]["too_many_connections"] >= 1
    finally:
        for connection in connections:
            connection.close()
    while listening.open_connections():
        time.sleep(0.02)
    with listening.connect() as again:
        again.sendall(f"<13>{mark} again\n".encode())
    listening.aggregator.wait_for(mark, 2)


def test_datagrams_that_the_kernel_had_no_room_for_are_counted(listening: Listening) -> None:
    if not Path("/proc/net/udp").exists():
        pytest.skip("this system tells nothing of datagrams that were dropped")
    before = listening.counts()
    listening.aggregator.process.send_signal(signal.SIGSTOP)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(20_000):
                sender.sendto(b"<13>app: " + b"x" * 1000, ("127.0.0.1", listening.udp))
    finally:
        listening.aggregator.process.send_signal(signal.SIGCONT)
    deadline_s = time.monotonic() + 20
    while True:
        counts = listening.counts()
        dropped = counts["refused_lines"].get("kernel_buffer_full", 0)
        if dropped and counts["lines"] - before["lines"] + dropped == 20_000:
            break
        assert time.monotonic() < deadline_s, counts
        time.sleep(0.1)


def test_what_came_before_the_end_is_stored(tmp_path: Path, mark: str) -> None:
    udp, tcp = free_port(), free_port()
    options = ("--syslog-udp-port", str(udp), "--syslog-tcp-port", str(tcp))
    with (
        running(tmp_path, *options) as aggregator,
        socket.create_connection(("127.0.0.1", tcp)) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        stream.sendall(f"<13>{mark} ends\n<13>{mark} does not end".encode())
        datagrams.sendto(f"<13>{mark} datagram".encode(), ("127.0.0.1", udp))
        time.sleep(0.02)
        aggregator.process.terminate()
        assert aggregator.process.wait(timeout=20) == 0
    with running(tmp_path) as aggregator:
        aggregator.wait_for(mark, 3)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not there, which makes the certificate")
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


def test_tls_is_taken_from_version_1_2_on(certificate: tuple[Path, Path], tmp_path: Path, mark: str) -> None:
    port = free_port()
    options = ("--syslog-tls-certificate", str(certificate[0]), "--syslog-tls-key", str(certificate[1]))
    with running(tmp_path, "--syslog-tls-port", str(port), *options) as aggregator:
        for number, version in enumerate((ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)):
            context = ssl.create_default_context(cafile=str(certificate[0]))
            context.maximum_version = version
            with (
                socket.create_connection(("127.0.0.1", port)) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as connection,
            ):
                message = f"<13>1 - attic app - - - {mark} {number}"
                connection.sendall(f"{len(message)} {message}".encode())
        assert sorted(numbers(aggregator.wait_for(mark, 2))) == [0, 1]

        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(certificate[0])
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            pytest.raises(ssl.SSLError),
            old.wrap_socket(plain, server_hostname="localhost"),
        ):
            pass


@pytest.mark.parametrize("what", ["certificate", "port"])
def test_what_can_not_be_listened_with_ends_the_start_with_a_message(tmp_path: Path, what: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = {
            "port": ["--syslog-tcp-port", str(taken.getsockname()[1])],
            "certificate": [
                *("--syslog-tls-port", str(free_port())),
                *("--syslog-tls-certificate", str(tmp_path / "absent.pem")),
                *("--syslog-tls-key", str(tmp_path / "absent.pem")),
            ],
        }[what]
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "aggregator", "--data", str(tmp_path / "data")),
                *("--port", str(free_port()), "--intake-port", str(free_port()), *options),
            ],
            env=os.environ | {"PYTHONPATH": str(ADDON)},
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert ended.returncode == 1
    assert {"port": "address already in use", "certificate": "absent.pem"}[what] in ended.stderr
