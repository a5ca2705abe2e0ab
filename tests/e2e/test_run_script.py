import asyncio
import os
import re
import signal
from pathlib import Path

import aiohttp
import pytest

from stack.places import ROOT
from stack.ports import pick_free_port, require_free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")


class _Run:
    """One run of scripts/run without Home Assistant."""

    def __init__(self, data: Path, aggregator_port: int, victoria_metrics_port: int) -> None:
        self.output = ""
        self._arguments = [
            "--no-home-assistant",
            *("--data", str(data)),
            *("--aggregator-port", str(aggregator_port)),
            *("--intake-port", str(pick_free_port())),
            *("--victoria-metrics-port", str(victoria_metrics_port)),
            *("--home-assistant-port", str(pick_free_port())),
        ]

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            str(ROOT / "scripts/run"),
            *self._arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def read_until(self, text: str, times: int = 1) -> None:
        assert self._process.stdout
        async with asyncio.timeout(60):
            while self.output.count(text) < times:
                line = await self._process.stdout.readline()
                assert line, f"ended before it said {text!r}:\n{self.output}"
                self.output += line.decode()

    async def interrupt(self) -> int:
        self._process.send_signal(signal.SIGINT)
        return await self.wait()

    async def wait(self) -> int:
        assert self._process.stdout
        self.output += (await self._process.stdout.read()).decode()
        return await self._process.wait()


def _kill_aggregator(data: Path) -> None:
    wanted = f"-m aggregator --data {data / 'aggregator'} "
    (pid,) = (
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdecimal() and wanted in _command(process)
    )
    os.kill(pid, signal.SIGKILL)


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        # It has ended meanwhile.
        return ""


async def test_run_prints_where_everything_is_and_ctrl_c_stops_all_and_data_are_kept(
    tmp_path: Path, http_session: aiohttp.ClientSession
) -> None:
    port, database_port = pick_free_port(), pick_free_port()
    tokens = set()
    for _ in range(2):
        run = _Run(tmp_path, port, database_port)
        await run.start()
        await run.read_until("#token=")
        match = re.search(rf"http://127\.0\.0\.1:{port}/#token=(\S+)", run.output)
        assert match
        tokens.add(match[1])
        async with http_session.get(
            f"http://127.0.0.1:{port}/api/v1/stats", headers={"Authorization": f"Bearer {match[1]}"}
        ) as response:
            assert response.status == 200

        assert await run.interrupt() == 0
        assert "stopped" in run.output
        require_free_port("aggregator", port, "")
        require_free_port("victoria-metrics", database_port, "")
    assert len(tokens) == 1


async def test_run_starts_a_killed_aggregator_again_three_times_a_minute(
    tmp_path: Path, http_session: aiohttp.ClientSession
) -> None:
    port = pick_free_port()
    run = _Run(tmp_path, port, pick_free_port())
    await run.start()
    await run.read_until("#token=")
    for restarts in range(1, 4):
        _kill_aggregator(tmp_path)
        await run.read_until(f"aggregator is ready at http://127.0.0.1:{port}", times=1 + restarts)
        assert run.output.count("aggregator was ended by SIGKILL: starting it again\n") == restarts
        async with http_session.get(f"http://127.0.0.1:{port}/health") as response:
            assert response.status == 200
    _kill_aggregator(tmp_path)
    assert await run.wait() == 1
    assert "error: aggregator was ended by SIGKILL. The end of its log" in run.output


async def test_run_names_a_busy_port_and_its_option(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        run = _Run(tmp_path, port, pick_free_port())
        await run.start()
        assert await run.wait() == 1
    assert f"port {port}" in run.output
    assert "--aggregator-port" in run.output
