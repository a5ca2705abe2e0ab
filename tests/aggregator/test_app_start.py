"""The start of the app's container, as far as it needs no container."""

import json
import os
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

SCRIPT = Path(__file__).parents[2] / "addon" / "start.py"


@pytest.fixture
def start() -> SimpleNamespace:
    """Return the script's functions."""
    return SimpleNamespace(**runpy.run_path(str(SCRIPT)))


def test_options_that_are_set_hold_before_the_defaults(start: SimpleNamespace, tmp_path: Path) -> None:
    options = tmp_path / "options.json"
    options.write_text(json.dumps({"log_level": "debug"}))

    assert start.read_options(options) == {
        "log_level": "debug",
        "journal": True,
        "syslog": False,
        "gelf": False,
    }


@pytest.mark.parametrize("content", [None, "{}"])
def test_without_options_the_defaults_hold(
    start: SimpleNamespace, tmp_path: Path, content: str | None
) -> None:
    options = tmp_path / "options.json"
    if content is not None:
        options.write_text(content)

    assert start.read_options(options) == {
        "log_level": "info",
        "journal": True,
        "syslog": False,
        "gelf": False,
    }


@pytest.mark.parametrize("content", ["", "[]", "{", "\udcff"])
def test_broken_options_end_the_start_with_their_name(
    start: SimpleNamespace, tmp_path: Path, content: str
) -> None:
    options = tmp_path / "options.json"
    options.write_bytes(content.encode(errors="surrogateescape"))

    with pytest.raises(SystemExit, match=r"options\.json is no JSON object"):
        start.read_options(options)


def test_the_journal_is_where_its_files_are(start: SimpleNamespace, tmp_path: Path) -> None:
    disk, memory = tmp_path / "var", tmp_path / "run"
    assert start.find_journal([disk, memory]) is None
    disk.mkdir()
    (memory / "machine").mkdir(parents=True)
    assert start.find_journal([disk, memory]) == disk
    (memory / "machine" / "system.journal").touch()
    assert start.find_journal([disk, memory]) == memory


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_the_group_of_the_journals_files_may_read_it(start: SimpleNamespace, tmp_path: Path) -> None:
    file = tmp_path / "machine" / "system.journal"
    file.parent.mkdir()
    file.touch()
    os.chown(file, -1, 8481)

    assert start.group_of(tmp_path) == 8481


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Return a data folder and a shared one."""
    data, shared = tmp_path / "data", tmp_path / "config"
    data.mkdir()
    shared.mkdir()
    return data, shared


def test_tokens_lie_where_their_owner_can_read_them(
    start: SimpleNamespace, folders: tuple[Path, Path]
) -> None:
    data, shared = folders
    start.share_tokens(data, shared)
    (data / "tokens" / "read").write_text("secret")
    start.share_tokens(data, shared)

    assert (shared / "tokens" / "read").read_text() == "secret"
    assert (shared / "tokens").stat().st_mode & 0o777 == 0o700


def test_a_shared_folder_that_was_emptied_is_made_again(
    start: SimpleNamespace, folders: tuple[Path, Path]
) -> None:
    data, shared = folders
    start.share_tokens(data, shared)
    (shared / "tokens").rmdir()
    start.share_tokens(data, shared)

    assert (data / "tokens").is_dir()


def test_tokens_that_are_there_stay_where_they_are(
    start: SimpleNamespace, folders: tuple[Path, Path]
) -> None:
    data, shared = folders
    (data / "tokens").mkdir()
    start.share_tokens(data, shared)

    assert not (data / "tokens").is_symlink()
    assert not (shared / "tokens").exists()


def test_without_a_shared_folder_tokens_stay_with_the_data(start: SimpleNamespace, tmp_path: Path) -> None:
    start.share_tokens(tmp_path, tmp_path / "absent")

    assert not (tmp_path / "tokens").is_symlink()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_all_in_a_folder_is_given_and_nothing_behind_a_link(
    start: SimpleNamespace, folders: tuple[Path, Path]
) -> None:
    data, shared = folders
    (data / "store").mkdir()
    (data / "store" / "file").touch()
    (data / "link").symlink_to(shared)
    start.give(data, 8480)

    given = [data, data / "store", data / "store" / "file", data / "link"]
    assert {path.lstat().st_uid for path in given} == {8480}
    assert shared.stat().st_uid == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_the_archive_is_the_aggregators(start: SimpleNamespace, tmp_path: Path) -> None:
    start.make_archive(tmp_path / "share" / "ha_ingestor", 8480)
    assert not (tmp_path / "share").exists()

    (tmp_path / "share").mkdir()
    for _ in range(2):
        start.make_archive(tmp_path / "share" / "ha_ingestor", 8480)
        assert (tmp_path / "share" / "ha_ingestor").stat().st_uid == 8480
    assert (tmp_path / "share").stat().st_uid == 0


def test_a_share_that_takes_no_folder_is_told_and_hinders_nothing(
    start: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ha_ingestor").write_text("a file")
    start.make_archive(tmp_path / "ha_ingestor", 8480)

    assert "not ready for an archive" in capsys.readouterr().err
