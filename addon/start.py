"""Starts the aggregator in the app's container: reads the options, gives up root, and becomes it."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

OPTIONS = Path("/data/options.json")
DATA = Path("/data/aggregator")
SHARED = Path("/config")
ARCHIVE = Path("/share/ha_ingestor")
JOURNALS = (Path("/var/log/journal"), Path("/run/log/journal"))
"""Where the host's journal may lie: on its disk, or in its memory."""

USER_ID = 8480
DEFAULTS: dict[str, object] = {"log_level": "info", "journal": True, "syslog": False, "gelf": False}
PORTS = {
    "syslog": {"HA_INGESTOR_SYSLOG_UDP_PORT": "5514", "HA_INGESTOR_SYSLOG_TCP_PORT": "5514"},
    "gelf": {"HA_INGESTOR_GELF_UDP_PORT": "12201", "HA_INGESTOR_GELF_TCP_PORT": "12201"},
}
"""The container's ports that an option opens."""


def main() -> None:
    """Replace this process by the aggregator's."""
    options = read_options(OPTIONS)
    journal = find_journal(JOURNALS) if options["journal"] else None
    DATA.mkdir(mode=0o700, exist_ok=True)
    share_tokens(DATA, SHARED)
    if os.getuid() == 0:
        for folder in (DATA, SHARED / "tokens"):
            if folder.is_dir():
                give(folder, USER_ID)
        make_archive(ARCHIVE, USER_ID)
        os.setgroups([] if journal is None else [group_of(journal)])
        os.setgid(USER_ID)
        os.setuid(USER_ID)
    environment = os.environ | {
        "HA_INGESTOR_DATA": str(DATA),
        "HA_INGESTOR_HOST": "0.0.0.0",  # noqa: S104 - the container's network is the boundary
        "HA_INGESTOR_LOG_LEVEL": str(options["log_level"]),
    }
    for option, ports in PORTS.items():
        if options[option]:
            environment |= ports
    if journal is not None:
        environment["HA_INGESTOR_JOURNAL"] = str(journal)
    os.execve(sys.executable, [sys.executable, "-m", "aggregator"], environment)  # noqa: S606 - no shell


def read_options(options: Path) -> dict[str, object]:
    """Return the options, with defaults for those that are not set.

    Outside the Supervisor there is no file of options.

    Raises:
        SystemExit: the file is no JSON object.
    """
    if not options.exists():
        return DEFAULTS
    try:
        merged: dict[str, object] = DEFAULTS | json.loads(options.read_bytes())
    except (ValueError, TypeError) as error:
        raise SystemExit(f"{options} is no JSON object: {error}") from error
    return merged


def find_journal(folders: Sequence[Path]) -> Path | None:
    """Return the folder with a journal in it, else the first one that is there; None without any."""
    present = [folder for folder in folders if folder.is_dir()]
    filled = [folder for folder in present if any(folder.glob("*/*.journal"))]
    return next(iter((*filled, *present)), None)


def group_of(journal: Path) -> int:
    """Return the ID of the group that may read a journal: that of its files, which the host gave them."""
    file = next(journal.glob("*/*.journal"), journal)
    return file.stat().st_gid


def share_tokens(data: Path, shared: Path) -> None:
    """Keep the tokens in the folder that the app's owner can open, where there is one."""
    tokens = data / "tokens"
    if not shared.is_dir() or tokens.is_dir():
        return
    (shared / "tokens").mkdir(mode=0o700, exist_ok=True)
    if not tokens.is_symlink():
        tokens.symlink_to(shared / "tokens")


def make_archive(folder: Path, user_id: int) -> None:
    """Make the folder that logs can be archived in, where there is a shared one.

    A network share may refuse it; the aggregator then says so when it is told to archive there.
    """
    if not folder.parent.is_dir():
        return
    try:
        folder.mkdir(mode=0o755, exist_ok=True)
        give(folder, user_id)
    except OSError as error:
        sys.stderr.write(f"{folder} is not ready for an archive: {error}\n")


def give(folder: Path, user_id: int) -> None:
    """Make a user the owner of a folder and all in it; links are not followed."""
    if folder.stat().st_uid == user_id:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent, name), user_id, user_id, follow_symlinks=False)
    # Last, so that a walk that was cut short is done again.
    os.chown(folder, user_id, user_id)


if __name__ == "__main__":
    main()
