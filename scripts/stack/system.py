"""The whole system: which parts there are, how they know each other, and in which order they start."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from stack.aggregator import Tokens, make_aggregator, read_tokens
from stack.event_ingestor import make_event_ingestor
from stack.home_assistant import RESTART_STATUS, make_home_assistant, write_configuration
from stack.home_assistant_api import HomeAssistantApi
from stack.home_assistant_setup import Access, ensure_access, ensure_dashboard, ensure_integration
from stack.ports import HOST, require_distinct_ports, require_free_port
from stack.process import Part
from stack.restart_limit import RestartLimit
from stack.victoria_metrics import find_victoria_metrics, make_victoria_metrics

# One that crashes more often will not get well by itself.
_AGGREGATOR_RESTARTS = 3
_AGGREGATOR_RESTARTS_SPAN_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a system is made from.

    Attributes:
        data: folder that keeps everything of every part.
        aggregator_port: TCP port of the aggregator.
        intake_port: TCP port where it takes the logs of other servers' senders.
        home_assistant_port: TCP port of Home Assistant.
        victoria_metrics_port: TCP port of VictoriaMetrics.
        with_home_assistant: whether Home Assistant is a part.
    """

    data: Path
    aggregator_port: int = 8480
    intake_port: int = 8481
    home_assistant_port: int = 8123
    victoria_metrics_port: int = 8428
    with_home_assistant: bool = True


@dataclass(kw_only=True)
class System:
    """All parts, started on entering the context and stopped on leaving it.

    Attributes:
        settings: what it is made from.
        report: told each thing that a person may want to know while it starts.
        access: the way into Home Assistant, once it is ready.
        tokens: the aggregator's tokens, once it is ready.
    """

    settings: Settings
    report: Callable[[str], None]
    access: Access | None = field(default=None, init=False)
    tokens: Tokens | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        data, logs = self.settings.data, self.settings.data / "logs"
        self.aggregator = make_aggregator(
            data / "aggregator",
            logs / "aggregator.log",
            self.settings.aggregator_port,
            self.settings.intake_port,
        )
        self.home_assistant = make_home_assistant(
            data / "home-assistant", logs / "home-assistant.log", self.settings.home_assistant_port
        )
        self.victoria_metrics: Part | None = None
        self.event_ingestor: Part | None = None
        self._parts = AsyncExitStack()
        self._aggregator_restarts = RestartLimit(_AGGREGATOR_RESTARTS, _AGGREGATOR_RESTARTS_SPAN_S)

    async def __aenter__(self) -> Self:
        """Start every part.

        Raises:
            StackError: a port is taken, a part doesn't start, or Home Assistant can't be set up.
        """
        try:
            await self._start()
        except BaseException:
            await self._parts.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every part, the last started first."""
        await self._parts.aclose()

    @property
    def intake_url(self) -> str:
        """Where the aggregator takes the logs of other servers' senders."""
        return f"http://{HOST}:{self.settings.intake_port}"

    async def watch(self) -> None:
        """Wait until a part ends by itself and is not to be started again.

        Home Assistant is started again when it asks for that, the aggregator when it crashes, within a limit.
        The example ingestor's end is only reported: nothing else depends on it.

        Raises:
            PartFailedError: another part ended.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for part in self._running_parts():
                    group.create_task(self._watch(part))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _start(self) -> None:
        settings = self.settings
        require_distinct_ports(self._ports())
        require_free_port("The aggregator", settings.aggregator_port, "--aggregator-port")
        require_free_port("The aggregator", settings.intake_port, "--intake-port")
        if settings.with_home_assistant:
            require_free_port("Home Assistant", settings.home_assistant_port, "--home-assistant-port")
            folder = settings.data / "home-assistant"
            await asyncio.to_thread(write_configuration, folder, settings.home_assistant_port)
        program = await find_victoria_metrics()
        if program is None:
            self.report("victoria-metrics is not to be had here: the ingestor writes to the aggregator")
        else:
            port = settings.victoria_metrics_port
            require_free_port("victoria-metrics", port, "--victoria-metrics-port")
            self.victoria_metrics = make_victoria_metrics(
                program,
                settings.data / "victoria-metrics",
                settings.data / "logs" / "victoria-metrics.log",
                port,
            )
        await self._start_together(self._independent_parts())
        self.tokens = await asyncio.to_thread(read_tokens, settings.data / "aggregator")
        if settings.with_home_assistant:
            self.access = await self._set_up_home_assistant(self.tokens)
        self.event_ingestor = self._make_event_ingestor(self.tokens)
        await self._start_part(self.event_ingestor)

    async def _start_together(self, parts: list[Part]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for part in parts:
                    group.create_task(self._start_part(part))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _start_part(self, part: Part) -> None:
        began = asyncio.get_running_loop().time()
        self.report(f"starting {part.name}, log in {part.log_file}")
        self._parts.push_async_callback(part.stop)
        await part.start()
        took_s = asyncio.get_running_loop().time() - began
        outcome = f"is ready at {part.url}" if part.url else "runs"
        self.report(f"{part.name} {outcome} ({took_s:.1f} s)")

    async def _set_up_home_assistant(self, tokens: Tokens) -> Access:
        self.report("setting up Home Assistant: user, integration, dashboard")
        async with aiohttp.ClientSession() as session:
            api = HomeAssistantApi(session, self.home_assistant.url)
            access = await ensure_access(api, self.settings.data / "home-assistant-access.json")
            await ensure_integration(api, self.aggregator.url, tokens.admin)
            await ensure_dashboard(api)
        return access

    def _make_event_ingestor(self, tokens: Tokens) -> Part:
        aggregator_url = self.aggregator.url
        if self.access is None:
            home_assistant = (
                os.environ.get("HOME_ASSISTANT_URL", f"http://{HOST}:{self.settings.home_assistant_port}"),
                os.environ.get("HOME_ASSISTANT_TOKEN", "none"),
            )
        else:
            home_assistant = (self.home_assistant.url, self.access.token)
        database = (
            (self.victoria_metrics.url, "none") if self.victoria_metrics else (aggregator_url, tokens.ingest)
        )
        return make_event_ingestor(
            home_assistant=home_assistant,
            influxdb=database,
            aggregator=(aggregator_url, tokens.ingest),
            log_file=self.settings.data / "logs" / "event-ingestor.log",
        )

    def _ports(self) -> dict[str, int]:
        settings = self.settings
        ports = {
            "--aggregator-port": settings.aggregator_port,
            "--intake-port": settings.intake_port,
            "--victoria-metrics-port": settings.victoria_metrics_port,
        }
        if settings.with_home_assistant:
            ports["--home-assistant-port"] = settings.home_assistant_port
        return ports

    def _independent_parts(self) -> list[Part]:
        parts = [self.aggregator]
        if self.victoria_metrics:
            parts.append(self.victoria_metrics)
        if self.settings.with_home_assistant:
            parts.append(self.home_assistant)
        return parts

    def _running_parts(self) -> list[Part]:
        return [*self._independent_parts(), *([self.event_ingestor] if self.event_ingestor else [])]

    async def _watch(self, part: Part) -> None:
        while self._is_to_start_again(part, await part.wait_ended()):
            await part.start()
            self.report(f"{part.name} is ready at {part.url}")
        if part is not self.event_ingestor:
            raise part.ended_error()
        self.report(str(part.ended_error()))

    def _is_to_start_again(self, part: Part, status: int) -> bool:
        if part is self.home_assistant and status == RESTART_STATUS:
            self.report("Home Assistant restarts")
            return True
        if part is self.aggregator and self._aggregator_restarts.take():
            self.report(f"{part.name} {part.ending}: starting it again")
            return True
        return False
