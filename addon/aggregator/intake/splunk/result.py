"""What becomes of the events of a request."""

from dataclasses import dataclass
from enum import Enum

from aggregator.intake.decoded import Decoded


class Code(Enum):
    """Splunk's codes: number, text, and the status that it has."""

    SUCCESS = (0, "Success", 200)
    TOKEN_REQUIRED = (2, "Token is required", 401)
    INVALID_AUTHORIZATION = (3, "Invalid authorization", 401)
    INVALID_TOKEN = (4, "Invalid token", 403)
    NO_DATA = (5, "No data", 400)
    INVALID_FORMAT = (6, "Invalid data format", 400)
    INTERNAL = (8, "Internal server error", 500)
    BUSY = (9, "Server is busy", 503)
    EVENT_REQUIRED = (12, "Event field is required", 400)
    EVENT_BLANK = (13, "Event field cannot be blank", 400)
    INDEXED_FIELDS = (15, "Error in handling indexed fields", 400)
    HEALTHY = (17, "HEC is healthy", 200)


@dataclass(frozen=True, slots=True)
class Result(Decoded):
    """Decoded events.

    Args:
        code: of the first event that was refused; of success otherwise.
    """

    code: Code
