"""Runs the sources, each in a thread of its own, and starts one again that failed."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from aggregator import limits
from aggregator.metrics.self_metrics import SelfMetrics
from aggregator.sources.source import Outlet, Phase, Source, SourceFailedError, Status, StoppedError
from aggregator.store.protocol import Store

_log = structlog.get_logger(__name__)


class PulledSources:
    """The sources that the aggregator reads by itself.

    Args:
        sources: the sources; each has a name of its own.
        store: where their lines go.
        self_metrics: where they are counted.
        folder: where their positions are kept; made if it is missing.
    """

    def __init__(
        self, sources: Iterable[Source], store: Store, self_metrics: SelfMetrics, folder: Path
    ) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._running = [
            _Running(source, Outlet(source.name, store, self_metrics, folder / f"{source.name}.json"))
            for source in sources
        ]

    def start(self) -> None:
        """Begin to read."""
        for running in self._running:
            running.thread.start()

    def stop(self) -> None:
        """Stop reading, and wait until that is so."""
        for running in self._running:
            running.outlet.stopping.set()
        for running in self._running:
            running.thread.join()

    def statuses(self) -> Mapping[str, Status]:
        """Return how each source fares."""
        return {running.source.name: running.outlet.status for running in self._running}


class _Running:
    def __init__(self, source: Source, outlet: Outlet) -> None:
        self.source = source
        self.outlet = outlet
        self.thread = threading.Thread(target=self._run, name=f"source-{source.name}", daemon=True)

    def _run(self) -> None:
        failures = 0
        while not self.outlet.stopping.is_set():
            before = self.outlet.status.lines
            try:
                try:
                    self.source.read(self.outlet)
                finally:
                    self.outlet.close()
            except StoppedError:
                break
            except (SourceFailedError, OSError) as error:
                reason = str(error)
                _log.warning("source failed", source=self.source.name, reason=reason)
            except Exception as error:  # noqa: BLE001 - a defect in one source must not end it in silence
                reason = f"{type(error).__name__}: {error}"
                _log.exception("source failed", source=self.source.name)
            else:
                continue
            failures = 1 if self.outlet.status.lines > before else failures + 1
            self._rest(reason, min(2.0 ** (failures - 1), limits.SOURCE_RESTART_S))
        self.outlet.status = replace(self.outlet.status, phase=Phase.STOPPED, reason="")

    def _rest(self, reason: str, duration_s: float) -> None:
        status = self.outlet.status
        self.outlet.status = replace(status, phase=Phase.FAILED, reason=reason, restarts=status.restarts + 1)
        self.outlet.stopping.wait(duration_s)
