"""Settings are kept in a file, and wrong ones are refused whole."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aggregator import limits
from aggregator.errors import DiskFullError, InvalidFieldError
from aggregator.settings import Settings, SettingsFile
from aggregator.store.keep.policy import Policy, Rule
from tests.aggregator.small_disk import MakeDisk, fill, make_disk

__all__ = ["make_disk"]  # a fixture from elsewhere


def test_defaults_hold_while_there_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    assert SettingsFile(path).settings.retention_days == 30
    assert not path.exists()


@pytest.mark.parametrize("days", [1, 7, 3650])
def test_a_change_outlives_a_restart(tmp_path: Path, days: int) -> None:
    path = tmp_path / "settings.json"
    assert SettingsFile(path).change({"retention_days": days}).retention_days == days
    assert SettingsFile(path).settings.retention_days == days


@pytest.mark.parametrize("days", [0, 3651, -1, 1.0, "7", None, True, [7], 10**30])
def test_a_value_out_of_its_limits_is_refused_by_name(tmp_path: Path, days: object) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    with pytest.raises(InvalidFieldError, match="1 to 3650") as refused:
        settings.change({"retention_days": days})
    assert refused.value.details == {"field": "retention_days"}
    assert settings.settings.retention_days == 30


def test_an_unknown_setting_is_refused_with_the_known_ones_beside_it(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    with pytest.raises(InvalidFieldError) as refused:
        settings.change({"retention_days": 7, "colour": "red"})
    assert refused.value.details == {"field": "colour"}
    assert settings.settings.retention_days == 30


@pytest.mark.parametrize("changes", [[], "retention_days", 7, None])
def test_what_is_no_object_is_refused(tmp_path: Path, changes: object) -> None:
    with pytest.raises(InvalidFieldError):
        SettingsFile(tmp_path / "settings.json").change(changes)


def test_no_change_changes_nothing(tmp_path: Path) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    settings.change({"retention_days": 9})
    assert settings.change({}).retention_days == 9


def test_the_file_is_plain_json_and_a_cut_off_write_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    SettingsFile(path).change({"retention_days": 9})
    assert json.loads(path.read_text())["retention_days"] == 9
    path.with_name("settings.json.tmp").write_text('{"retention')
    assert SettingsFile(path).settings.retention_days == 9
    SettingsFile(path).change({"retention_days": 10})
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


def test_a_change_that_finds_no_room_leaves_the_old_settings(make_disk: MakeDisk) -> None:
    disk = make_disk("size=64k")
    path = disk / "settings.json"
    settings = SettingsFile(path)
    settings.change({"retention_days": 9})
    fill(disk / "filler")
    with pytest.raises(DiskFullError):
        settings.change({"retention_days": 10})
    assert settings.settings.retention_days == SettingsFile(path).settings.retention_days == 9


def test_changes_at_once_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = SettingsFile(path)
    with ThreadPoolExecutor(2) as threads:
        for number in range(30):
            changes = [{"retention_days": 1 + number}, {"retention_size_mb": 10 + number}]
            list(threads.map(settings.change, changes))
            kept = SettingsFile(path).settings
            assert (kept.retention_days, kept.retention_size_mb) == (1 + number, 10 + number)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b'{"retention_days":'])
def test_a_damaged_file_is_set_aside_and_defaults_hold(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert SettingsFile(path).settings.retention_days == 30
    assert (tmp_path / "settings.json.damaged").read_bytes() == content
    assert SettingsFile(path).change({"retention_days": 9}).retention_days == 9


@pytest.mark.parametrize(
    ("content", "days"),
    [
        (b'{"retention_days":7,"from_a_newer_version":1}', 7),
        (b'{"from_a_newer_version":{"a":[]},"retention_days":7}', 7),
        (b'{"retention_days":0}', 30),
        (b'{"retention_days":"7"}', 30),
    ],
)
def test_what_can_be_used_of_a_damaged_file_outlives_it(tmp_path: Path, content: bytes, days: int) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    for _ in range(2):
        assert SettingsFile(path).settings.retention_days == days
    assert (tmp_path / "settings.json.damaged").read_bytes() == content


def test_rules_and_size_outlive_a_restart_in_the_words_of_the_api(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    changes = {
        "retention_size_mb": 500,
        "retention_rules": [{"level": "warn", "days": 2}, {"service": "s", "level": "ERROR", "days": 180}],
    }
    changed = SettingsFile(path).change(changes)
    assert SettingsFile(path).settings == changed
    assert changed.to_json()["retention_size_mb"] == 500
    assert changed.to_json()["retention_rules"] == [
        {"days": 2, "level": "WARNING"},
        {"days": 180, "level": "ERROR", "service": "s"},
    ]
    assert changed.policy == Policy(30, 500_000_000, (Rule(2, "WARNING"), Rule(180, "ERROR", "s")))
    assert SettingsFile(path).change({"retention_size_mb": None, "retention_rules": []}) == Settings()


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"retention_size_mb": 9}, "retention_size_mb", "10 to 10000000, or null"),
        ({"retention_size_mb": True}, "retention_size_mb", "10 to 10000000"),
        ({"retention_size_mb": "500"}, "retention_size_mb", "10 to 10000000"),
        ({"retention_rules": {}}, "retention_rules", "at most 32"),
        ({"retention_rules": None}, "retention_rules", "at most 32"),
        ({"retention_rules": [{"level": "info", "days": 1}] * 33}, "retention_rules", "at most 32"),
        ({"retention_rules": ["debug"]}, "retention_rules[0]", "an object"),
        ({"retention_rules": [{"days": 1}]}, "retention_rules[0]", "a level or a service"),
        ({"retention_rules": [{"level": "debug"}]}, "retention_rules[0].days", "1 to 3650"),
        ({"retention_rules": [{"level": "debug", "days": 0}]}, "retention_rules[0].days", "1 to 3650"),
        ({"retention_rules": [{"level": "loud", "days": 1}]}, "retention_rules[0].level", "TRACE"),
        ({"retention_rules": [{"level": 7, "days": 1}]}, "retention_rules[0].level", "TRACE"),
        ({"retention_rules": [{"service": "", "days": 1}]}, "retention_rules[0].service", "1 to 256"),
        ({"retention_rules": [{"service": "x" * 257, "days": 1}]}, "retention_rules[0].service", "1 to 256"),
        ({"retention_rules": [{"host": "h", "days": 1}]}, "retention_rules[0].host", "no such key"),
        (
            {"retention_rules": [{"level": "debug", "days": 1}, {"service": 1, "days": 1}]},
            "retention_rules[1].service",
            "1 to 256",
        ),
    ],
)
def test_a_wrong_rule_is_refused_by_its_place_and_limit(
    tmp_path: Path, changes: object, field: str, told: str
) -> None:
    settings = SettingsFile(tmp_path / "settings.json")
    with pytest.raises(InvalidFieldError) as refused:
        settings.change(changes)
    assert refused.value.details == {"field": field}
    assert told in refused.value.message
    assert settings.settings == Settings()


def test_every_spelling_of_a_level_is_taken(tmp_path: Path) -> None:
    rules = [{"level": level, "days": 1} for level in ("Debug", "WARN", "fatal")]
    changed = SettingsFile(tmp_path / "settings.json").change({"retention_rules": rules})
    assert [rule.level for rule in changed.retention_rules] == ["DEBUG", "WARNING", "CRITICAL"]
    assert len(rules) <= limits.RETENTION_RULES


class TestArchive:
    def test_an_archive_outlives_a_restart_even_when_it_is_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        folder = tmp_path / "archive"
        folder.mkdir()
        path = tmp_path / "data" / "settings.json"
        changed = SettingsFile(path).change(
            {"retention_action": "archive", "archive_folder": str(folder), "search_archive": True}
        )
        assert changed.policy == Policy(archive_folder=folder, archives=True, searches_archive=True)
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        settings = SettingsFile(path)
        assert settings.settings == changed
        assert settings.change({"retention_days": 7}).archive_folder == str(folder)
        assert settings.change(
            {"retention_action": "delete", "archive_folder": None, "search_archive": False}
        ) == Settings(retention_days=7)

    @pytest.mark.parametrize(
        ("folder", "told"),
        [
            ("archive", "absolute path"),
            ("", "absolute path"),
            (7, "absolute path"),
            ("/a\0b", "absolute path"),
            ("{tmp}/nothing", "no folder that exists"),
            ("{tmp}/data/archive", "lie in one another"),
            ("{tmp}/data", "lie in one another"),
            ("{tmp}", "lie in one another"),
            ("{tmp}/link", "lie in one another"),
            ("/proc", "can't be written"),
        ],
    )
    def test_a_folder_that_can_be_no_archive_is_refused(
        self, tmp_path: Path, folder: object, told: str
    ) -> None:
        (tmp_path / "data" / "archive").mkdir(parents=True)
        (tmp_path / "link").symlink_to(tmp_path / "data" / "archive")
        named = folder.replace("{tmp}", str(tmp_path)) if isinstance(folder, str) else folder
        settings = SettingsFile(tmp_path / "data" / "settings.json")
        with pytest.raises(InvalidFieldError, match=told) as refused:
            settings.change({"archive_folder": named})
        assert refused.value.details == {"field": "archive_folder"}
        assert settings.settings == Settings()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"retention_action": "archive"}, "retention_action"),
            ({"search_archive": True}, "search_archive"),
            ({"retention_action": "burn"}, "retention_action"),
            ({"retention_action": None}, "retention_action"),
            ({"search_archive": 1}, "search_archive"),
        ],
    )
    def test_what_needs_an_archive_is_refused_without_one(
        self, tmp_path: Path, changes: object, field: str
    ) -> None:
        with pytest.raises(InvalidFieldError) as refused:
            SettingsFile(tmp_path / "settings.json").change(changes)
        assert refused.value.details == {"field": field}
