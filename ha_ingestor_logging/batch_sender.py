"""Sending a batch whole or in parts, so that a line that is refused costs no other."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from ha_ingestor_logging.aggregator_client import Receipt
from ha_ingestor_logging.batch import Batch
from ha_ingestor_logging.errors import RequestRefusedError, RequestTooLargeError
from ha_ingestor_logging.levels import ERROR
from ha_ingestor_logging.output import Report

# Enough to find one bad line among a million. Beyond it nothing at all is taken, and to take each
# batch apart would only be a flood of requests.
_REFUSALS_IN_A_ROW_MAX: Final = 20


class BatchSender:
    """Sends batches and counts what became of their lines.

    Args:
        send: sends one body of lines; raises a ``DeliveryError`` when they are not taken.
        report: logs that lines are refused.
    """

    def __init__(self, send: Callable[[Batch], Receipt], report: Report) -> None:
        self._send = send
        self._report = report
        self._refusals_in_a_row = 0
        self.dropped: Counter[tuple[str, int]] = Counter()
        self.delivered = 0
        self.faulty = 0

    def store(self, batch: Batch) -> None:
        """Send a batch until each of its lines is stored or refused for good.

        Args:
            batch: what to send.

        Raises:
            AggregatorUnavailableError: send it all again; nothing was counted, and what of it is stored
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
            self._report(ERROR, "the aggregator refused log lines", reason=str(error))
        self._refusals_in_a_row += 1
        return self._refusals_in_a_row < _REFUSALS_IN_A_ROW_MAX
