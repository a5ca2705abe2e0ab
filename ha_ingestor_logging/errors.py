"""What can go wrong at the library's edges."""


class IngestorLoggingError(Exception):
    """Any error that this library raises on purpose."""


class ConfigurationError(IngestorLoggingError, ValueError):
    """A setting is missing, unknown or out of its limits."""


class DeliveryError(IngestorLoggingError):
    """A request to a receiver of lines did not succeed."""


class ReceiverUnavailableError(DeliveryError):
    """The receiver can't take a request now, but may later.

    Args:
        reason: what happened, without the token.
        retry_after_s: how long the receiver asked to wait, if it did.
    """

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class TokenRefusedError(ReceiverUnavailableError):
    """The receiver doesn't accept the token, or not for this request; that may be put right there."""


class RequestTooLargeError(DeliveryError):
    """The receiver refused a request for its size."""


class RequestRefusedError(DeliveryError):
    """The receiver refused a request and will never take it.

    Args:
        reason: what happened.
        whatever_it_holds: whether it would refuse any lines.
    """

    def __init__(self, reason: str, *, whatever_it_holds: bool = False) -> None:
        super().__init__(reason)
        self.whatever_it_holds = whatever_it_holds
