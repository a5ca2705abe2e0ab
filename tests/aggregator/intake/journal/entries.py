"""Entries of a journal for tests, written in the Journal Export Format."""

from collections.abc import Iterable, Mapping

BOOT = "0123456789abcdef0123456789abcdef"
MACHINE = "fedcba9876543210fedcba9876543210"
SEQUENCE = "aaaabbbbccccddddaaaabbbbccccdddd"
START_US = 1_795_428_000_000_000


def exported(fields: Iterable[tuple[str, str | bytes]]) -> bytes:
    """Write an entry; a value that is no printable text with its length."""
    written = b""
    for name, value in fields:
        content = value if isinstance(value, bytes) else value.encode()
        if isinstance(value, str) and value.isprintable():
            written += b"%b=%b\n" % (name.encode(), content)
        else:
            written += b"%b\n%b%b\n" % (name.encode(), len(content).to_bytes(8, "little"), content)
    return written + b"\n"


def entry(number: int, message: str | bytes, **fields: str | bytes) -> bytes:
    """Write an entry as journald adds its own fields to it."""
    trusted: Mapping[str, str | bytes] = {
        "__CURSOR": f"s={SEQUENCE};i={number:x};b={BOOT};m={number:x};t={number:x};x=1",
        "__REALTIME_TIMESTAMP": str(START_US + number),
        "__MONOTONIC_TIMESTAMP": str(number),
        "_BOOT_ID": BOOT,
        "_MACHINE_ID": MACHINE,
        "_HOSTNAME": "homeassistant",
    }
    return exported([*trusted.items(), *fields.items(), ("MESSAGE", message)])


def of_container(number: int, name: str, message: str | bytes, priority: str = "6") -> bytes:
    """Write an entry as Docker's journald driver makes it."""
    return entry(
        number,
        message,
        PRIORITY=priority,
        CONTAINER_NAME=name,
        CONTAINER_ID="0123456789ab",
        CONTAINER_TAG=name,
        SYSLOG_IDENTIFIER=name,
        IMAGE_NAME="ghcr.io/home-assistant/image",
        CONTAINER_LOG_ORDINAL=str(number),
        _SYSTEMD_UNIT="docker.service",
        _COMM="dockerd",
        _PID="500",
    )
