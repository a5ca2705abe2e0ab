"""What can go wrong while parts are started."""

from pathlib import Path

_LOG_TAIL_LINES = 15


class StackError(Exception):
    """Base of all errors of this package; its text is meant for the person at the terminal."""


class PortInUseError(StackError):
    """A port that a part is to listen on is taken."""

    def __init__(self, part: str, port: int, option: str) -> None:
        """Name the part, the port and the option that changes it."""
        super().__init__(
            f"{part} can't listen on port {port}: it is in use. Choose another one with {option}."
        )


class SharedPortError(StackError):
    """Two parts are to listen on one port."""

    def __init__(self, port: int, option: str, other_option: str) -> None:
        """Name the port and both options that give it."""
        super().__init__(f"{option} and {other_option} both name port {port}: give each part its own.")


class PartFailedError(StackError):
    """A part ended, or did not become ready in time."""

    def __init__(self, part: str, reason: str, log_file: Path) -> None:
        """Name the part, what happened, and show the end of its log."""
        try:
            lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        except FileNotFoundError:
            lines = []
        tail = "".join(f"\n    {line}" for line in lines)
        super().__init__(f"{part} {reason}. The end of its log, {log_file}:{tail}")


class HomeAssistantApiError(StackError):
    """Home Assistant refused a request.

    Attributes:
        status: the answer's HTTP status; None when it came by WebSocket.
    """

    def __init__(self, request: str, answer: object, status: int | None = None) -> None:
        """Name the request and Home Assistant's answer to it."""
        super().__init__(f"Home Assistant refused {request}: {answer}")
        self.status = status
