"""Sending a batch whole or in parts, so that a line that is refused costs no other."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.errors import RequestRefusedError, RequestTooLargeError
from ha_ingestor_logging.levels import ERROR, UNKNOWN, WARNING
from ha_ingestor_logging.output import Report
from ha_ingestor_logging.receiver import Receipt

# Enough to find one bad line among a million. Beyond it nothing at all is taken, and to take each
# batch apart would only be a flood of requests.
_REFUSALS_IN_A_ROW_MAX: Final = 20


class BatchSender:
    """Sends batches and counts what became of their lines.

    Args:
        title: what lines call the receiver.
        send: sends one body of lines; raises a ``DeliveryError`` when they are not taken.
        report: logs that lines are refused.
    """

    def __init__(self, title: str, send: Callable[[Batch], Receipt], report: Report) -> None:
        self._title = title
        self._send = send
        self._report = report
        self._message_reported = False
        self._refusals_in_a_row = 0
        self.dropped: Counter[tuple[str, int]] = Counter()
        self.delivered = 0
        self.faulty = 0

    def store(self, batch: Batch) -> None:
        """Send a batch until each of its lines is stored or refused for good.

        Args:
            batch: what to send.

        Raises:
            ReceiverUnavailableError: send it all again; nothing was counted, and what of it is stored
                already the aggregator knows by its ``uid``.
        """
        parts = [batch]
        dropped: Counter[tuple[str, int]] = Counter()
        accepted = faulty = 0
        while parts:
            part = parts.pop()
            try:
                receipt = self._send(part)
            except RequestTooLargeError:
                reason, worth_halving = "too_large", True
            except RequestRefusedError as error:
                reason, worth_halving = "refused", self._is_worth_halving(error)
            else:
                self._refusals_in_a_row = 0
                accepted += receipt.accepted
                faulty += receipt.faulty
                if receipt.refused:
                    dropped["refused", _only_level(part)] += receipt.refused
                self._tell(receipt)
                continue
            if worth_halving and part.records > 1:
                parts += reversed(part.halves())
            else:
                dropped.update({(reason, level): count for level, count in part.records_by_level.items()})
        self.delivered += accepted
        self.faulty += faulty
        self.dropped.update(dropped)

    def reset(self) -> None:
        """Begin anew in a forked child, except for what it has delivered."""
        self._refusals_in_a_row = 0
        self.dropped.clear()

    def _is_worth_halving(self, error: RequestRefusedError) -> bool:
        if self._refusals_in_a_row == 0:
            # Once until something is taken: this line may be refused too.
            self._report(ERROR, f"{self._title} refused log lines", reason=str(error))
        self._refusals_in_a_row += 1
        return not error.whatever_it_holds and self._refusals_in_a_row < _REFUSALS_IN_A_ROW_MAX

    def _tell(self, receipt: Receipt) -> None:
        # Once: it may come with each batch, and this line may be one of the next.
        if receipt.message is None or self._message_reported:
            return
        self._message_reported = True
        if receipt.refused:
            self._report(ERROR, f"{self._title} refused log lines", reason=receipt.message)
        else:
            self._report(WARNING, f"{self._title} took log lines and warned", reason=receipt.message)


def _only_level(batch: Batch) -> int:
    """The level of all lines, as a receiver that refuses some does not say which."""
    levels = list(batch.records_by_level)
    return levels[0] if len(levels) == 1 else UNKNOWN
