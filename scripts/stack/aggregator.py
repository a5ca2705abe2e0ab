"""The aggregator as a part of the system."""

from dataclasses import dataclass
from pathlib import Path

from stack.places import DEVELOPMENT_PYTHON, ROOT
from stack.ports import HOST
from stack.process import Part


@dataclass(frozen=True)
class Tokens:
    """The aggregator's tokens, one of each scope."""

    ingest: str
    read: str
    admin: str


def make_aggregator(data: Path, log_file: Path, port: int, intake_port: int) -> Part:
    """Describe the aggregator.

    Args:
        data: folder for its store, settings and tokens.
        log_file: where its output goes.
        port: TCP port to listen on.
        intake_port: TCP port where it takes the logs of other servers' senders.
    """
    return Part(
        name="aggregator",
        command=[
            str(DEVELOPMENT_PYTHON),
            "-m",
            "aggregator",
            *("--data", str(data)),
            *("--host", HOST),
            *("--port", str(port)),
            *("--intake-port", str(intake_port)),
        ],
        log_file=log_file,
        url=f"http://{HOST}:{port}",
        health_path="/health",
        environment={"PYTHONPATH": str(ROOT / "addon")},
    )


def read_tokens(data: Path) -> Tokens:
    """Read the tokens that a started aggregator keeps in its data folder."""
    ingest, read, admin = (
        (data / "tokens" / scope).read_text(encoding="ascii").strip() for scope in ("ingest", "read", "admin")
    )
    return Tokens(ingest=ingest, read=read, admin=admin)
