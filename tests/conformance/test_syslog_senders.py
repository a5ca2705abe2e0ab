"""What sends syslog, unchanged: logger, rsyslog, syslog-ng, Python's SysLogHandler and winston-syslog."""

import logging
import logging.handlers
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.listening import Listening, listening_for
from tests.conformance.test_node_clients import FOLDER, node

__all__ = ["node"]

ROOT = Path(__file__).parents[2]
START_S = 10.0


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    with listening_for("syslog", tmp_path_factory.mktemp("aggregator")) as found:
        yield found


def check(row: dict[str, Any], message: str, **expected: object) -> None:
    assert (expected | {"message": message, "source": "syslog"}).items() <= row.items(), row
    age = datetime.now().astimezone() - datetime.fromisoformat(row["timestamp"])
    assert -2 <= age.total_seconds() <= 60


@pytest.mark.parametrize("form", ["--rfc3164", "--rfc5424"])
@pytest.mark.parametrize("transport", [["--udp"], ["--tcp"], ["--tcp", "--octet-count"]])
def test_logger(listening: Listening, mark: str, form: str, transport: list[str]) -> None:
    logger = shutil.which("logger")
    if logger is None:
        pytest.skip("logger is not on this machine (Debian: bsdutils)")
    port = listening.udp if transport == ["--udp"] else listening.tcp
    for number in range(2):
        subprocess.run(
            [
                *(logger, "--server", "127.0.0.1", "--port", str(port), *transport, form, "--id=17"),
                *("--tag", "backup", "--priority", "local3.err", f"{mark} {number}"),
            ],
            check=True,
        )
    # Each came by a connection of its own, and their times may have no fractions.
    rows = sorted(listening.aggregator.wait_for(mark, 2), key=lambda row: str(row["message"]))
    for number, row in enumerate(rows):
        host = socket.gethostname() if form == "--rfc5424" else socket.gethostname().partition(".")[0]
        check(row, f"{mark} {number}", level="ERROR", facility="local3", service="backup", host=host)
        assert row["procid"] == "17"


@contextmanager
def daemon(name: str, folder: Path, configuration: str, *options: str) -> Iterator[Path]:
    """Run a daemon of syslog; lines are written to the socket that it yields."""
    prepared = subprocess.run(
        [ROOT / "scripts/syslog-daemon", name], capture_output=True, text=True, check=False, timeout=300
    )
    if prepared.returncode:
        pytest.skip(f"{name} is not to be had here: {prepared.stderr.strip().splitlines()[-1]}")
    (folder / "configuration").write_text(configuration)
    process = subprocess.Popen([prepared.stdout.strip(), *options], cwd=folder)
    written = folder / "log"
    try:
        deadline_s = time.monotonic() + START_S
        while not written.is_socket():
            assert process.poll() is None, f"{name} ended"
            assert time.monotonic() < deadline_s, f"{name} does not listen"
            time.sleep(0.05)
        yield written
    finally:
        process.terminate()
        process.wait(timeout=20)


def log_twice(handler: logging.Handler, mark: str) -> None:
    """Log two lines, the second a traceback."""
    log = logging.getLogger(__name__)
    log.addHandler(handler)
    log.warning("%s 0", mark)
    try:
        raise TimeoutError("too slow")  # noqa: TRY301 - what is logged
    except TimeoutError:
        log.exception("%s 1", mark)
    log.removeHandler(handler)
    handler.close()


def write(written: Path, mark: str) -> None:
    """Write two lines as programs do, the second a traceback."""
    handler = logging.handlers.SysLogHandler(str(written), logging.handlers.SysLogHandler.LOG_LOCAL3)
    handler.ident = "backup[17]: "
    log_twice(handler, mark)


def check_written(listening: Listening, mark: str, *, has_newlines: bool = True) -> None:
    """Check what was written; by a stream of lines, newlines in a message end it."""
    rows = listening.aggregator.wait_for(mark, 2)
    common = {"service": "backup", "facility": "local3", "host": socket.gethostname(), "procid": "17"}
    for number, level in enumerate(("WARNING", "ERROR")):
        check(rows[number], f"{mark} {number}", level=level, **common)
    if has_newlines:
        assert (rows[1]["exception_type"], rows[1]["exception_message"]) == ("TimeoutError", "too slow")


RSYSLOG = """
global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/log")
*.* action(type="omfwd" target="127.0.0.1" port="{port}" protocol="{protocol}" {more})
"""


@pytest.mark.parametrize(
    ("protocol", "more"),
    [
        ("udp", ""),
        ("tcp", ""),
        ("tcp", 'TCP_Framing="octet-counted"'),
        ("udp", 'template="RSYSLOG_ForwardFormat"'),
        ("tcp", 'template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted"'),
    ],
)
def test_rsyslog(listening: Listening, mark: str, tmp_path: Path, protocol: str, more: str) -> None:
    port = listening.udp if protocol == "udp" else listening.tcp
    configuration = RSYSLOG.format(folder=tmp_path, port=port, protocol=protocol, more=more)
    with daemon("rsyslog", tmp_path, configuration, "-n", "-f", "configuration", "-i", "pid") as written:
        write(written, mark)
        check_written(listening, mark)


SYSLOG_NG = """@version: 3.38
options {{ stats-freq(0); }};
source s {{ unix-dgram("{folder}/log"); }};
destination d {{ {destination}; }};
log {{ source(s); destination(d); }};
"""


@pytest.mark.parametrize(
    "destination",
    [
        'syslog("127.0.0.1" transport("tcp") port({tcp}))',
        'syslog("127.0.0.1" transport("udp") port({udp}))',
        'network("127.0.0.1" transport("tcp") port({tcp}))',
        'network("127.0.0.1" transport("udp") port({udp}))',
    ],
)
def test_syslog_ng(listening: Listening, mark: str, tmp_path: Path, destination: str) -> None:
    configuration = SYSLOG_NG.format(
        folder=tmp_path, destination=destination.format(tcp=listening.tcp, udp=listening.udp)
    )
    places = ("-p", f"{tmp_path}/pid", "-c", f"{tmp_path}/control", "-R", f"{tmp_path}/persist")
    options = ("-F", "-f", "configuration", "--no-caps", *places)
    with daemon("syslog-ng", tmp_path, configuration, *options) as written:
        write(written, mark)
        check_written(
            listening, mark, has_newlines=not destination.startswith('network("127.0.0.1" transport("tcp")')
        )


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_pythons_handler(listening: Listening, mark: str, kind: socket.SocketKind) -> None:
    port = listening.udp if kind == socket.SOCK_DGRAM else listening.tcp
    handler = logging.handlers.SysLogHandler(("127.0.0.1", port), socktype=kind)
    handler.setFormatter(logging.Formatter("shop: %(message)s"))
    log_twice(handler, mark)
    first, second = listening.aggregator.wait_for(mark, 2)
    common = {"service": "shop", "facility": "user", "host": "127.0.0.1"}
    check(first, f"{mark} 0", level="WARNING", **common)
    check(second, f"{mark} 1", level="ERROR", exception_type="TimeoutError", **common)


@pytest.mark.parametrize("protocol", ["udp4", "tcp4"])
@pytest.mark.parametrize("form", ["RFC3164", "RFC5424"])
def test_winston_syslog(listening: Listening, mark: str, node: str, protocol: str, form: str) -> None:
    port = listening.udp if protocol == "udp4" else listening.tcp
    environment = {"PORT": str(port), "PROTOCOL": protocol, "TYPE": form, "MARK": mark}
    subprocess.run(
        [node, "winston-syslog.mjs"],
        cwd=FOLDER,
        env={"PATH": os.environ["PATH"]} | environment,
        check=True,
        timeout=60,
    )
    first, second = listening.aggregator.wait_for(mark, 2)
    common = {"service": "winston-shop", "facility": "local0", "host": "attic"}
    check(first, f"{mark} 0", level="INFO", **common)
    check(second, f"{mark} 1", level="ERROR", **common)
