"""The command line and the environment."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from aggregator import __version__
from aggregator.config import Config, Sockets, TailedFiles, TlsPort, parse


@pytest.fixture(autouse=True)
def without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("HA_INGESTOR_"):
            monkeypatch.delenv(name)


def test_defaults_listen_at_this_machine_only() -> None:
    assert parse([]) == Config(Path("data"), "127.0.0.1", 8480, 8481, "info")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HA_INGESTOR_DATA", "/d")
    monkeypatch.setenv("HA_INGESTOR_HOST", "0.0.0.0")  # noqa: S104 - what a container listens at
    monkeypatch.setenv("HA_INGESTOR_PORT", "9000")
    monkeypatch.setenv("HA_INGESTOR_INTAKE_PORT", "9001")
    monkeypatch.setenv("HA_INGESTOR_LOG_LEVEL", "debug")
    assert parse([]) == Config(Path("/d"), "0.0.0.0", 9000, 9001, "debug")  # noqa: S104


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HA_INGESTOR_PORT", "9000")
    monkeypatch.setenv("HA_INGESTOR_DATA", "/d")
    assert parse(["--port", "9001", "--data", "/e"]).port == 9001
    assert parse(["--data", "/e"]) == Config(Path("/e"), "127.0.0.1", 9000, 8481, "info")


def test_a_journal_is_read_when_its_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse([]).pulled.journal is None
    assert parse(["--journal", "/j"]).pulled.journal == Path("/j")
    monkeypatch.setenv("HA_INGESTOR_JOURNAL", "/k")
    assert parse([]).pulled.journal == Path("/k")


def test_dockers_containers_are_read_when_their_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse([]).pulled.docker is None
    monkeypatch.setenv("HA_INGESTOR_DOCKER", "/d")
    assert parse([]).pulled.docker == Path("/d")
    assert parse(["--docker", "/e"]).pulled.docker == Path("/e")


def test_files_to_follow_may_name_their_service(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse([]).pulled.tailed == ()
    assert parse(["--tail", "/a/*.log", "--tail", "nginx=/b/*.log", "--tail", "/c=/d"]).pulled.tailed == (
        TailedFiles("/a/*.log"),
        TailedFiles("/b/*.log", "nginx"),
        TailedFiles("/c=/d"),
    )
    monkeypatch.setenv("HA_INGESTOR_TAIL", "/a:x=/b")
    assert parse([]).pulled.tailed == (TailedFiles("/a"), TailedFiles("/b", "x"))


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HA_INGESTOR_PORT", "")
    assert parse([]).port == 8480


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x", "8480.0", "²", "1" * 5000])
def test_what_is_no_port_ends_the_start_with_a_message(
    port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HA_INGESTOR_PORT", port)
    with pytest.raises(SystemExit) as ended:
        parse([])
    assert ended.value.code == 2
    assert "port" in capsys.readouterr().err


def test_one_port_for_both_ends_the_start_with_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--port", "9000", "--intake-port", "9000"])
    assert ended.value.code == 2
    assert "--intake-port and --port are both 9000" in capsys.readouterr().err


def test_syslog_and_gelf_are_off_until_they_have_a_port() -> None:
    assert parse([]).sockets == Sockets()


def test_each_way_to_send_syslog_and_gelf_has_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HA_INGESTOR_SYSLOG_UDP_PORT", "514")
    monkeypatch.setenv("HA_INGESTOR_SYSLOG_TLS_CERTIFICATE", "/c")
    monkeypatch.setenv("HA_INGESTOR_SYSLOG_ZONE", "Europe/Vienna")
    monkeypatch.setenv("HA_INGESTOR_GELF_UDP_PORT", "12201")
    options = ["--tokenless-host", "::", "--syslog-tcp-port", "601", "--syslog-tls-port", "6514"]
    options += ["--gelf-tcp-port", "12202"]

    assert parse([*options, "--syslog-tls-key", "/k"]).sockets == Sockets(
        "::", 514, 601, TlsPort(6514, Path("/c"), Path("/k")), ZoneInfo("Europe/Vienna"), 12201, 12202
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--syslog-udp-port", "0"], "--syslog-udp-port: '0' is no port"),
        (["--syslog-zone", "Europe/Nowhere"], "--syslog-zone: 'Europe/Nowhere' is no time zone"),
        (["--syslog-zone", "../x"], "is no time zone"),
        (["--syslog-tls-port", "6514", "--syslog-tls-key", "/k"], "needs --syslog-tls-certificate"),
    ],
)
def test_what_syslog_can_not_be_started_with_ends_the_start_with_a_message(
    options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(options)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_an_unknown_log_level_ends_the_start_with_a_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HA_INGESTOR_LOG_LEVEL", "loud")
    with pytest.raises(SystemExit) as ended:
        parse([])
    assert ended.value.code == 2
    assert "HA_INGESTOR_LOG_LEVEL" in capsys.readouterr().err


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.strip() == __version__
