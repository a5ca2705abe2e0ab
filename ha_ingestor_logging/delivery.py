"""Delivery to a receiver: batches, retries, the spool, and errands between them."""

import math
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.batch_sender import BatchSender
from ha_ingestor_logging.errand import Errand, Errands
from ha_ingestor_logging.errors import ReceiverUnavailableError, TokenRefusedError
from ha_ingestor_logging.flush import FlushMarker
from ha_ingestor_logging.outage import Outage
from ha_ingestor_logging.output import DropCounts, Line, Report
from ha_ingestor_logging.overflow import Overflow
from ha_ingestor_logging.receiver import Receipt, Receiver
from ha_ingestor_logging.settings import Settings
from ha_ingestor_logging.spool import Spool
from ha_ingestor_logging.waiting_lines import WaitingLines
from ha_ingestor_logging.worker import Worker

_STOP_TIMEOUT_S: Final = 1.0
# How long the writer's thread may wait for this one, which waits for a disk.
_DISK_TIMEOUT_S: Final = 5.0
# How full the memory is when lines are no longer gathered, when the writer's thread moves them to the disk,
# and when it even waits for that.
_SEND_FILL: Final = 0.25
_SPILL_FILL: Final = 0.5
_WAIT_FILL: Final = 0.75


class _ClosedError(Exception):
    """The delivery was closed during a request; what it was about is accounted for."""


class Delivery:
    """Sends lines to a receiver in compressed batches, in a thread of its own.

    A batch is sent until the receiver has taken it; each line's ``uid`` lets the aggregator store
    it once. While the receiver is away, lines wait in memory and, if there is one, in the spool,
    both within a bound.

    Args:
        settings: bounds and intervals.
        receiver: who takes the lines.
        spool: where lines wait on the disk.
        errands: what else is done over the connection.
        report: logs what becomes of the connection.
    """

    def __init__(
        self,
        settings: Settings,
        receiver: Receiver,
        spool: Spool | None,
        errands: Sequence[Errand],
        report: Report,
    ) -> None:
        self._settings = settings
        self._receiver = receiver
        self._errands = Errands(errands)
        self._report = report
        self._worker = Worker("ha-ingestor-delivery", self._cycle)
        self._queue = WaitingLines(settings.delivery_size_bytes, settings.batch_size_bytes)
        self.spool = spool
        self._overflow = Overflow(spool, report)
        self._sender = BatchSender(receiver.title, self._request, report)
        self._undelivered: Counter[tuple[str, int]] = Counter()
        self._begin()
        self.retries = 0

    def _begin(self) -> None:
        self._outage = Outage(self._receiver.title, self._report)
        self._hurry = threading.Event()
        # Held by whoever moves lines; never during a request, so that the writer's thread can spill.
        self._moving = threading.Lock()
        self._closed = False
        self._sending: Batch | None = None
        self._flushing: set[FlushMarker] = set()

    def start(self) -> None:
        """Start the thread, so that errands are done even when nothing is logged."""
        self._worker.ensure_running()

    def write(self, lines: list[Line]) -> None:
        """Queue lines; what finds no room goes to the spool, or is dropped and counted."""
        fill = self._queue.fill
        if (
            self._overflow.is_usable
            and fill >= _SPILL_FILL
            and self._moving.acquire(timeout=_DISK_TIMEOUT_S if fill >= _WAIT_FILL else 0.0)
        ):
            try:
                self._overflow.take_over(self._queue)
            finally:
                self._moving.release()
        self._queue.put(lines)
        if self._queue.fill >= _SEND_FILL and not self._outage.is_on:
            self._hurry.set()
        self._worker.ensure_running()

    def flush(self, marker: FlushMarker) -> None:
        """Send what waits now, then do the errands; not waited for when that would be of no use."""
        self._flushing.add(marker)
        self._queue.put_marker(marker)
        self._hurry.set()
        self._worker.ensure_running()

    def close(self) -> None:
        """Stop; what was not delivered goes to the spool, or is counted as dropped."""
        self._worker.stopping = True
        self._hurry.set()
        self._queue.wake()
        # A flush that still waits has taken all the time that there is.
        self._worker.stop(0.0 if self._flushing else _STOP_TIMEOUT_S)
        locked = self._moving.acquire(timeout=_DISK_TIMEOUT_S)
        self._closed = True
        self._errands.close()
        if self._sending is not None:
            # It hangs in a request, of which nobody will learn how it ended.
            self._queue.put_back([self._sending])
        self._queue.seal()
        self._overflow.try_again()
        self._overflow.take_over(self._queue)
        while left := self._queue.take():
            for item in left:
                if isinstance(item, Batch):
                    self._count_undelivered("exit", item)
        self._overflow.close()
        if locked:
            self._moving.release()
        self._receiver.close()

    def after_fork(self) -> None:
        """Leave the parent's lines, files and connection to the parent."""
        self._errands.after_fork()
        self._receiver.after_fork()
        self._queue.reset()
        self._undelivered.clear()
        self._sender.reset()
        self._worker.after_fork()
        self._overflow.after_fork()
        self._begin()
        if self._errands.wait_s(away=False) < math.inf:
            # They are done in a child that logs nothing, too.
            self.start()

    @property
    def output(self) -> str:
        """The output's name, as in the setting ``output``."""
        return self._receiver.output

    @property
    def dropped(self) -> DropCounts:
        """The lines that the receiver never got."""
        return {
            **self._undelivered,
            **self._sender.dropped,
            **{("delivery_full", level): count for level, count in self._queue.refused.items()},
            **(self.spool.dropped if self.spool is not None else {}),
        }

    @property
    def delivered(self) -> int:
        """Lines that the receiver took."""
        return self._sender.delivered

    @property
    def faulty(self) -> int:
        """Lines among them that it could keep as text only."""
        return self._sender.faulty

    @property
    def failure(self) -> str | None:
        """Why lines wait: of the spool, or of the receiver."""
        return self._overflow.failure or self._outage.failure

    @property
    def has_room(self) -> bool:
        """Whether less than half of the room is taken."""
        return self._queue.fill < _SPILL_FILL and (self.spool is None or self.spool.has_room)

    def _cycle(self) -> None:
        hurried = self._wait()
        with suppress(_ClosedError):
            with self._moving:
                if self._closed:
                    return
                if hurried or self._outage.wait_s == 0:
                    self._deliver()
                else:
                    self._overflow.take_over(self._queue)
            self._errands.run(away=self._outage.is_on)

    def _wait(self) -> bool:
        """Wait until there is something to do; whether somebody is in a hurry."""
        outage_s = self._outage.wait_s
        errand_s = self._errands.wait_s(away=self._outage.is_on)
        events_s = [errand_s]
        if self._outage.is_on:
            events_s.append(outage_s)
        elif (inherit_s := self._overflow.inherit_wait_s) is not None:
            events_s.append(inherit_s)
        next_s = min(events_s)
        self._queue.wait(None if next_s == math.inf else next_s)
        gather_s = self._settings.batch_interval_s
        if outage_s and not self._overflow.is_usable:
            gather_s = min(outage_s, errand_s)
        hurried = self._hurry.wait(gather_s if self._queue else 0.0)
        if hurried:
            self._hurry.clear()
        return hurried

    def _deliver(self) -> None:
        """Send what waits: first what is spooled, last what another process left."""
        self._queue.seal()
        try:
            self._send_spooled()
            while not self._worker.stopping and (items := self._queue.take()):
                self._send(items)
            self._send_inherited()
        except ReceiverUnavailableError as error:
            self.retries += 1
            self._outage.failed(error)
            self._overflow.take_over(self._queue)
            for marker in list(self._flushing):
                if isinstance(error, TokenRefusedError) or (marker.leaving and self._overflow.is_usable):
                    self._pass(marker, complete=False)

    def _send(self, items: list[Batch | FlushMarker]) -> None:
        for item in items:
            if isinstance(item, FlushMarker):
                self._pass_delivered(item)
                continue
            try:
                self._store(item)
            except ReceiverUnavailableError:
                self._queue.put_back([item])
                raise

    def _send_spooled(self) -> None:
        self._overflow.try_again()
        for batch in self._overflow.own():
            if self._worker.stopping:
                return
            self._store(batch)
        while (marker := self._overflow.next_marker()) is not None:
            self._pass_delivered(marker)

    def _send_inherited(self) -> None:
        for number, batch in enumerate(self._overflow.inherited()):
            # The process's own lines come first, but don't keep these waiting for ever.
            if self._worker.stopping or (number and self._queue):
                return
            self._store(batch)

    def _store(self, batch: Batch) -> None:
        try:
            self._sender.store(batch)
        except (ReceiverUnavailableError, _ClosedError):
            raise
        except Exception:  # noqa: BLE001 - one batch must not hold up those behind it for ever
            self._count_undelivered("output_failed", batch)
            traceback.print_exc(file=sys.stderr)
        else:
            self._outage.ended()

    def _count_undelivered(self, reason: str, batch: Batch) -> None:
        self._undelivered.update({(reason, level): count for level, count in batch.records_by_level.items()})

    def _request(self, batch: Batch) -> Receipt:
        self._sending = batch
        with self._unlocked():
            receipt = self._receiver.send_logs(batch)
        self._errands.heard(receipt)
        return receipt

    @contextmanager
    def _unlocked(self) -> Iterator[None]:
        """Let others move lines during a request."""
        self._moving.release()
        try:
            yield
        finally:
            self._moving.acquire()
            if self._closed:
                raise _ClosedError
            self._sending = None

    def _pass_delivered(self, marker: FlushMarker) -> None:
        with self._unlocked():
            self._errands.flush()
        self._pass(marker, complete=True)

    def _pass(self, marker: FlushMarker, *, complete: bool) -> None:
        # One that a refused token has let pass already is still in the queue.
        if marker in self._flushing:
            self._flushing.remove(marker)
            marker.passed(complete=complete)
