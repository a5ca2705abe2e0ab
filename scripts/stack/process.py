"""A part of the system: one child process with its log file and its health."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import aiohttp

from stack.errors import PartFailedError

_HEALTH_INTERVAL_S = 0.1
_HEALTH_REQUEST_TIMEOUT_S = 2.0
_STOP_TIMEOUT_S = 15.0


@dataclass(kw_only=True)
class Part:
    """A program that is started, waited for and stopped with all of its own children.

    Attributes:
        name: what people call it.
        command: program and arguments.
        log_file: where its output goes; appended to.
        url: where it is reached; empty when it doesn't listen.
        health_path: path below the URL that answers 200 once the part is ready.
        environment: variables added to this process's own.
        directory: its working directory.
        start_timeout_s: how long it may take to become ready.
    """

    name: str
    command: Sequence[str]
    log_file: Path
    url: str = ""
    health_path: str = "/"
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    start_timeout_s: float = 60.0
    _process: asyncio.subprocess.Process | None = field(default=None, init=False, repr=False)

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process's number; the part must have been started."""
        if self._process is None:
            raise PartFailedError(self.name, "was not started", self.log_file)
        return self._process.pid

    async def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises:
            PartFailedError: it ended, or was not ready in time; it is stopped then.
        """
        await self.launch()
        try:
            await self.wait_ready()
        except BaseException:
            await self.stop()
            raise

    async def launch(self) -> None:
        """Start the process without waiting for it."""
        await asyncio.to_thread(self.log_file.parent.mkdir, parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )

    async def wait_ready(self) -> None:
        """Wait until the part answers at its health path; at once when it has no URL.

        Raises:
            PartFailedError: it ended, or was not ready in time.
        """
        if not self.url:
            return
        try:
            async with asyncio.timeout(self.start_timeout_s), aiohttp.ClientSession() as session:
                while not await self._answers(session, self.url + self.health_path):
                    if not self.running:
                        raise PartFailedError(self.name, self.ending, self.log_file)
                    await asyncio.sleep(_HEALTH_INTERVAL_S)
        except TimeoutError as error:
            reason = f"was not ready after {self.start_timeout_s:.0f} s"
            raise PartFailedError(self.name, reason, self.log_file) from error

    async def wait_ended(self) -> int:
        """Wait until the process ends by itself; return its exit status."""
        if self._process is None:
            return 0
        return await self._process.wait()

    async def stop(self) -> None:
        """End the process and its children: asked first, killed when that takes too long."""
        if self._process is None:
            return
        self._signal_group(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._signal_group(signal.SIGKILL)
            await self._process.wait()
        # Children may outlive the process that started them.
        self._signal_group(signal.SIGKILL)

    async def kill(self) -> None:
        """End the process the hard way, as a crash would."""
        if self._process is None:
            return
        self._signal_group(signal.SIGKILL)
        await self._process.wait()

    @property
    def ending(self) -> str:
        """How the process ended, in words that follow the part's name."""
        status = self._process.returncode if self._process else None
        if status is not None and status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        return f"ended with status {status}"

    def ended_error(self) -> PartFailedError:
        """Describe that the process ended although nobody asked it to."""
        return PartFailedError(self.name, self.ending, self.log_file)

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    async def _answers(self, session: aiohttp.ClientSession, url: str) -> bool:
        timeout = aiohttp.ClientTimeout(total=_HEALTH_REQUEST_TIMEOUT_S)
        try:
            async with session.get(url, timeout=timeout, allow_redirects=False) as response:
                return response.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False
