import asyncio
import os
import sys
import textwrap
import time
from pathlib import Path

import pytest

from stack.errors import PartFailedError
from stack.ports import HOST, pick_free_port
from stack.process import Part

# Answers 503 until it is asked for the third time; with a child of its own, whose number it writes down.
_SERVER = """
    import http.server, pathlib, subprocess, sys
    port, child_file = int(sys.argv[1]), sys.argv[2]
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pathlib.Path(child_file).write_text(str(child.pid))
    asked = 0
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            global asked
            asked += 1
            self.send_response(200 if asked >= 3 else 503)
            self.end_headers()
    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def _part(tmp_path: Path, source: str, *arguments: str, port: int = 0, start_timeout_s: float = 20.0) -> Part:
    return Part(
        name="server",
        command=[sys.executable, "-u", "-c", textwrap.dedent(source), *arguments],
        log_file=tmp_path / "logs" / "server.log",
        url=f"http://{HOST}:{port}" if port else "",
        start_timeout_s=start_timeout_s,
    )


def _server(tmp_path: Path) -> Part:
    port = pick_free_port()
    return _part(tmp_path, _SERVER, str(port), str(tmp_path / "child"), port=port)


def _alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    # A process that nobody has waited for yet is listed, but has ended.
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def _ends(pid: int) -> bool:
    # A killed process takes a moment to go.
    deadline = time.monotonic() + 30
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not _alive(pid)


async def test_start_returns_when_the_health_path_answers_200(tmp_path: Path) -> None:
    part = _server(tmp_path)
    await part.start()
    assert part.running
    await part.stop()
    assert not part.running


async def test_stop_ends_the_children_too(tmp_path: Path) -> None:
    part = _server(tmp_path)
    await part.start()
    child = int((tmp_path / "child").read_text())
    assert _alive(child)
    await part.stop()
    assert _ends(child)


async def test_a_killed_part_can_be_started_again(tmp_path: Path) -> None:
    part = _server(tmp_path)
    await part.start()
    first = part.pid
    await part.kill()
    assert not part.running
    await part.start()
    assert part.pid != first
    await part.stop()


async def test_a_part_that_ends_while_it_starts_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    part = _part(tmp_path, "print('no disk'); raise SystemExit(3)", port=pick_free_port())
    with pytest.raises(PartFailedError, match=r"(?s)server ended with status 3.*no disk"):
        await part.start()


async def test_a_part_that_does_not_become_ready_is_stopped_and_reported(tmp_path: Path) -> None:
    part = _part(tmp_path, "import time; time.sleep(600)", port=pick_free_port(), start_timeout_s=0.5)
    with pytest.raises(PartFailedError, match="server was not ready after 0 s"):
        await part.start()
    assert not part.running


async def test_a_cancelled_start_leaves_no_process(tmp_path: Path) -> None:
    part = _part(tmp_path, "import time; time.sleep(600)", port=pick_free_port())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await part.start()
    assert not _alive(part.pid)


async def test_the_signal_that_ended_a_part_is_named(tmp_path: Path) -> None:
    part = _part(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    await part.start()
    await part.wait_ended()
    assert "was ended by SIGTERM" in str(part.ended_error())


async def test_environment_is_added_to_that_of_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_CALLER", "a")
    part = _part(tmp_path, "import os; print(os.environ['FROM_CALLER'] + os.environ['FROM_PART'])")
    part.environment = {"FROM_PART": "b"}
    await part.start()
    await part.wait_ended()
    assert part.log_file.read_text() == f"ab{os.linesep}"
