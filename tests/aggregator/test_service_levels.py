"""Levels that are wanted of services are kept in a file, and end by themselves."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aggregator import limits
from aggregator.errors import ConflictError, DiskFullError, InvalidFieldError
from aggregator.service_levels import LevelChange, ServiceLevels, WantedLevel, WantedLevels
from tests.aggregator.small_disk import MakeDisk, fill, make_disk

__all__ = ["make_disk"]  # a fixture from elsewhere


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "service_levels.json"


def change(lifetime_s: int | None = None, **levels: str | None) -> LevelChange:
    return LevelChange({name.replace("_", "."): level for name, level in levels.items()}, lifetime_s)


def levels(wanted: WantedLevels) -> dict[str, str]:
    return {logger: held.level for logger, held in wanted.by_logger.items()}


def test_nothing_is_wanted_at_first(path: Path) -> None:
    kept = ServiceLevels(path)
    assert kept.of("a") == WantedLevels({})
    assert kept.of("a").version == "none"
    assert kept.all() == {}
    assert not path.exists()


def test_what_is_wanted_outlives_a_restart(path: Path) -> None:
    wanted = ServiceLevels(path).replace("ä/b", change(a_b="DEBUG", c="ERROR"))
    again = ServiceLevels(path)
    assert levels(again.of("ä/b")) == {"a.b": "DEBUG", "c": "ERROR"}
    assert again.of("ä/b").version == wanted.version
    assert again.of("other").version == "none"


def test_a_replacement_leaves_nothing_of_before_and_an_amendment_the_rest(path: Path) -> None:
    kept = ServiceLevels(path)
    kept.replace("s", change(a="DEBUG", b="INFO"))
    assert levels(kept.amend("s", change(b=None, c="TRACE"))) == {"a": "DEBUG", "c": "TRACE"}
    assert levels(kept.replace("s", change(d="ERROR"))) == {"d": "ERROR"}
    kept.withdraw("s")
    assert kept.all() == {}
    assert json.loads(path.read_bytes()) == {}


def test_withdrawing_the_last_one_leaves_nothing(path: Path) -> None:
    kept = ServiceLevels(path)
    kept.replace("s", change(a="DEBUG"))
    assert kept.amend("s", change(a=None)).version == "none"
    assert kept.all() == {}


def test_versions_differ_when_anything_does_and_only_then(path: Path) -> None:
    kept = ServiceLevels(path)
    versions = [
        kept.replace("s", made).version
        for made in (
            change(a="DEBUG"),
            change(a="INFO"),
            change(b="DEBUG"),
            change(a="DEBUG", b="INFO"),
            change(60, a="DEBUG"),
            change(120, a="DEBUG"),
        )
    ]
    assert len(set(versions)) == len(versions)
    assert kept.replace("s", change(a="DEBUG")).version == versions[0]
    first = kept.replace("s", change(a="DEBUG", b="INFO")).version
    assert kept.replace("t", change(b="INFO", a="DEBUG")).version == first == versions[3]


def test_a_level_ends_by_itself_and_others_stay(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ServiceLevels(path)
    lasting = kept.replace("s", change(a="DEBUG")).version
    assert kept.amend("s", change(60, b="TRACE")).version != lasting
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 59)
    assert levels(kept.of("s")) == {"a": "DEBUG", "b": "TRACE"}
    monkeypatch.setattr(time, "time", lambda: now_s + 61)
    assert levels(kept.of("s")) == {"a": "DEBUG"}
    assert kept.of("s").version == lasting
    assert levels(ServiceLevels(path).of("s")) == {"a": "DEBUG"}
    kept.replace("t", change(a="DEBUG"))
    assert "TRACE" not in path.read_text()


def test_changes_at_once_lose_none(path: Path) -> None:
    kept = ServiceLevels(path)
    with ThreadPoolExecutor(8) as threads:
        for number in range(40):
            threads.submit(kept.amend, f"s{number % 4}", LevelChange({f"l{number}": "DEBUG"}))
    found = {logger for wanted in ServiceLevels(path).all().values() for logger in wanted.by_logger}
    assert found == {f"l{number}" for number in range(40)}


def test_there_is_a_bound_on_services_and_on_loggers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LEVEL_SERVICES", 3)
    kept = ServiceLevels(path)
    for number in range(3):
        kept.replace(f"s{number}", change(a="DEBUG"))
    with pytest.raises(ConflictError):
        kept.replace("another", change(a="DEBUG"))
    kept.replace("s0", change(a="INFO"))
    for start in range(0, limits.LEVEL_LOGGERS, 16):
        kept.amend("s1", LevelChange({str(number): "INFO" for number in range(start + 1, start + 16)}))
    kept.amend("s1", change(b="INFO", c="INFO", d="INFO"))
    with pytest.raises(InvalidFieldError, match="at most 64"):
        kept.amend("s1", change(e="INFO"))


@pytest.mark.parametrize("name", ["", "x" * 257])
def test_a_service_has_a_name_within_limits(path: Path, name: str) -> None:
    with pytest.raises(InvalidFieldError) as refused:
        ServiceLevels(path).replace(name, change(a="DEBUG"))
    assert refused.value.details == {"field": "service"}


def test_a_change_that_finds_no_room_leaves_what_was_wanted(make_disk: MakeDisk) -> None:
    disk = make_disk("size=64k")
    kept = ServiceLevels(disk / "levels.json")
    kept.replace("s", change(a="DEBUG"))
    fill(disk / "filler")
    with pytest.raises(DiskFullError):
        kept.replace("s", change(a="ERROR"))
    assert levels(kept.of("s")) == levels(ServiceLevels(disk / "levels.json").of("s")) == {"a": "DEBUG"}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"7", b"[" * 10_000])
def test_a_damaged_file_is_set_aside(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert ServiceLevels(path).all() == {}
    assert path.with_name("service_levels.json.damaged").read_bytes() == content


@pytest.mark.parametrize(
    "wrong",
    [
        7,
        {"a": 7},
        {"a": {"level": "LOUD", "until_s": None}},
        {"a": {"until_s": None}},
        {"a": {"level": "DEBUG", "until_s": "now"}},
        {"a": {"level": "DEBUG", "until_s": 1e300}},
        {"": {"level": "DEBUG", "until_s": None}},
    ],
)
def test_what_can_be_used_of_a_damaged_file_outlives_it(path: Path, wrong: object) -> None:
    good = {"a": {"level": "DEBUG", "until_s": None}}
    path.write_text(json.dumps({"good": good, "bad": wrong}))
    for _ in range(2):
        assert ServiceLevels(path).all() == {"good": WantedLevels({"a": WantedLevel("DEBUG")})}
    assert path.with_name("service_levels.json.damaged").exists()


@pytest.mark.parametrize(
    ("fields", "field", "told"),
    [
        ({}, "levels", "1 to 64"),
        ({"levels": {}}, "levels", "1 to 64"),
        ({"levels": ["DEBUG"]}, "levels", "1 to 64"),
        ({"levels": {str(number): "INFO" for number in range(65)}}, "levels", "1 to 64"),
        ({"levels": {"": "INFO"}}, "levels", "1 to 256"),
        ({"levels": {"x" * 257: "INFO"}}, "levels", "1 to 256"),
        ({"levels": {"a.b": "LOUD"}}, "levels.a.b", "TRACE"),
        ({"levels": {"*": 7}}, "levels.*", "TRACE"),
        ({"levels": {"*": "INFO"}, "for_s": 0}, "for_s", "1 to 2678400"),
        ({"levels": {"*": "INFO"}, "for_s": True}, "for_s", "1 to 2678400"),
        ({"levels": {"*": "INFO"}, "for_s": 1.5}, "for_s", "1 to 2678400"),
        ({"levels": {"*": "INFO"}, "for_s": 2678401}, "for_s", "1 to 2678400"),
        ({"levels": {"*": "INFO"}, "until": "now"}, "until", "no such field"),
    ],
)
def test_a_wrong_change_is_refused_by_its_field(fields: dict[str, object], field: str, told: str) -> None:
    with pytest.raises(InvalidFieldError) as refused:
        LevelChange.read(fields)
    assert refused.value.details == {"field": field}
    assert told in refused.value.message


def test_every_spelling_of_a_level_is_taken() -> None:
    read = LevelChange.read({"levels": {"*": "warn", "a": "Fatal", "b": None}, "for_s": 60})
    assert read == LevelChange({"*": "WARNING", "a": "CRITICAL", "b": None}, 60)
