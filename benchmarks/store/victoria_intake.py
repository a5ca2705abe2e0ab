"""The intake of a VictoriaLogs beside ours, from what it tells of itself at /metrics."""

import time
from dataclasses import dataclass

from benchmarks.store.figures import Goal, at_least, at_most, percentile
from benchmarks.store.load import IDLE_CPU, send_all, wait_found
from benchmarks.store.options import Options
from benchmarks.store.victoria_logs import VictoriaLogs

_QUIET_S = 600.0


@dataclass(frozen=True, slots=True)
class Beside:
    """A figure of VictoriaLogs, and the goal that follows for ours.

    Args:
        value: VictoriaLogs'.
        share: what ours must be of it, if anything is asked.
        more: whether ours must be at least, not at most, that.
    """

    value: float
    share: float | None = None
    more: bool = False

    @property
    def goal(self) -> Goal | None:
        """What ours must reach."""
        if self.share is None:
            return None
        return at_least(self.share * self.value) if self.more else at_most(self.share * self.value)


def measure(options: Options, url: str) -> dict[str, Beside]:
    """Fill an empty VictoriaLogs, and wait until it has merged what it took.

    Returns:
        Its figures by the names that ours have.
    """
    victoria = VictoriaLogs(url)
    victoria.check_empty()
    batches = options.corpus()
    raw_bytes = sum(map(len, batches))
    before = victoria.use()
    started = time.perf_counter()
    ack_ms = send_all(victoria, batches)
    duration_s = time.perf_counter() - started
    wait_found(victoria, options.rows)
    found_s = time.perf_counter() - started - duration_s
    _wait_idle(victoria, options.settle_s)
    after = victoria.use()
    return {
        "intake": Beside(options.rows / duration_s, 2.0, more=True),
        "acknowledgement p50": Beside(percentile(ack_ms, 50)),
        "acknowledgement p99": Beside(percentile(ack_ms, 99)),
        "acknowledgement max": Beside(max(ack_ms)),
        "last acknowledgement → all found": Beside(found_s),
        "CPU a row, until quiet": Beside(1e6 * (after.cpu_s - before.cpu_s) / options.rows, 0.5),
        "peak RSS (VmHWM)": Beside(after.peak_rss_bytes / 2**20, 0.5),
        "bytes written ÷ raw": Beside((after.written_bytes - before.written_bytes) / raw_bytes),
        "disk ÷ raw": Beside(after.disk_bytes / raw_bytes, 0.65),
    }


def _wait_idle(victoria: VictoriaLogs, settle_s: float) -> None:
    deadline = time.monotonic() + _QUIET_S
    while time.monotonic() < deadline:
        before_s = victoria.use().cpu_s
        time.sleep(settle_s)
        if victoria.use().cpu_s - before_s < IDLE_CPU * settle_s:
            return
    raise TimeoutError(f"VictoriaLogs is not idle after {_QUIET_S} s")
