"""What can go wrong at the library's edges."""


class IngestorLoggingError(Exception):
    """Any error that this library raises on purpose."""


class ConfigurationError(IngestorLoggingError, ValueError):
    """A setting is missing, unknown or out of its limits."""


class DeliveryError(IngestorLoggingError):
    """A request to the aggregator did not succeed."""


class AggregatorUnavailableError(DeliveryError):
    """The aggregator can't take a request now, but may later.

    Args:
        reason: what happened, without the token.
        retry_after_s: how long the aggregator asked to wait, if it did.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class TokenRefusedError(AggregatorUnavailableError):
    """The aggregator doesn't accept the token, or not for this request; that may be put right there."""


class RequestTooLargeError(DeliveryError):
    """The aggregator refused a request for its size."""


class RequestRefusedError(DeliveryError):
    """The aggregator refused a request and will never take it."""
