import contextlib
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ha_ingestor_logging.errors import ReceiverUnavailableError
from ha_ingestor_logging.levels import DEBUG, INFO, LEVEL_NAMES, TRACE, WARNING
from ha_ingestor_logging.receiver import Receipt
from ha_ingestor_logging.remote_levels import RemoteLevels, WantedLevels

JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.sampled_from(["DEBUG", "v"]),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["level", "for_s", "*", "a"]) | st.text(), inner)
    ),
    max_leaves=10,
)


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


class Followed:
    def __init__(self, interval_s: float = 30.0) -> None:
        self.applied: list[Mapping[str, int]] = []
        self.reported: list[tuple[int, str, object]] = []
        self.answer: WantedLevels | None = None
        self.asked = 0
        self.levels = RemoteLevels(interval_s, self._fetch, self.applied.append, self._report)

    def _fetch(self) -> WantedLevels:
        self.asked += 1
        if self.answer is None:
            raise ReceiverUnavailableError("away")
        return self.answer

    def _report(self, level: int, message: str, /, **fields: object) -> None:
        self.reported.append((level, message, fields["levels"]))

    def ask(self, version: str, for_s: Mapping[str, float] | None = None, **by_logger: int) -> None:
        """Let the aggregator say this when it is asked, which is now."""
        self.answer = WantedLevels(version, by_logger, for_s or {})
        self.levels._next_ask_s = time.monotonic()
        self.levels.run(away=False)

    def hear(self, version: str | None) -> None:
        self.levels.heard(Receipt(1, levels_version=version))

    @property
    def wait_s(self) -> float:
        return self.levels.wait_s(away=False)


def test_levels_are_followed_and_told() -> None:
    followed = Followed()
    followed.ask("v1", a=DEBUG)
    followed.ask("v1", a=DEBUG)
    followed.ask("v2", a=DEBUG)
    followed.ask("none")
    assert followed.applied == [{"a": DEBUG}, {}]
    assert followed.reported == [
        (INFO, "the aggregator set log levels", {"a": "DEBUG"}),
        (INFO, "the aggregator's log levels have ended", {}),
    ]


def test_that_nothing_is_wanted_at_first_is_no_news() -> None:
    followed = Followed()
    followed.ask("none")
    assert (followed.applied, followed.reported) == ([], [])


def test_the_aggregator_is_asked_soon_then_at_intervals(clock: Clock) -> None:
    followed = Followed(30.0)
    assert 0 < followed.wait_s <= 1
    followed.ask("v1")
    assert followed.wait_s == 30
    clock.now_s += 20
    followed.hear("v1")
    assert followed.wait_s == 30
    followed.hear("v2")
    assert followed.wait_s <= 0


def test_other_versions_again_and_again_are_asked_for_once_a_second(clock: Clock) -> None:
    followed = Followed(30.0)
    followed.hear("v1")
    assert followed.wait_s <= 0
    followed.ask("v0")
    followed.hear("v1")
    assert followed.wait_s == 1
    clock.now_s += 1
    assert followed.wait_s <= 0


def test_one_that_names_versions_but_answers_nothing_is_asked_at_intervals(clock: Clock) -> None:
    followed = Followed(30.0)
    followed.hear("v1")
    followed.levels.run(away=False)
    followed.hear("v1")
    assert (followed.asked, followed.wait_s) == (1, 30)
    clock.now_s += 30
    followed.ask("v1")
    followed.hear("v2")
    assert followed.wait_s == 1


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("version", [None, "", " ", "x" * 65, "v\n", "ä"])
def test_what_is_no_version_is_no_news(version: str | None) -> None:
    followed = Followed(30.0)
    followed.ask("v1")
    followed.hear(version)
    assert followed.wait_s == 30


def test_a_level_ends_by_itself_while_the_aggregator_is_away(clock: Clock) -> None:
    followed = Followed()
    followed.ask("v1", {"a": 60.0}, a=DEBUG, b=TRACE)
    assert followed.levels.wait_s(away=True) == 60
    followed.answer = None
    clock.now_s += 59
    followed.levels.run(away=False)
    assert followed.applied == [{"a": DEBUG, "b": TRACE}]
    clock.now_s += 2
    followed.levels.run(away=True)
    assert followed.applied[1:] == [{"b": TRACE}]
    followed.ask("v2", b=TRACE)
    assert followed.applied[2:] == []


def test_an_aggregator_that_is_away_is_not_asked(clock: Clock) -> None:
    followed = Followed()
    clock.now_s += 100
    assert followed.levels.wait_s(away=True) > 10**9
    followed.levels.run(away=True)
    assert followed.asked == 0
    followed.levels.run(away=False)
    assert (followed.asked, followed.applied) == (1, [])


def test_an_answer_after_the_end_changes_nothing() -> None:
    followed = Followed()
    followed.levels.close()
    followed.ask("v1", a=DEBUG)
    assert (followed.asked, followed.applied) == (1, [])


def test_names_without_end_are_not_followed() -> None:
    followed = Followed()
    for number in range(100):
        followed.ask(str(number), None, **{f"logger{number}-{other}": WARNING for other in range(100)})
    assert len({name for levels in followed.applied for name in levels}) == 2000
    followed.ask("again", None, **{"logger0-0": DEBUG})
    assert followed.applied[-1] == {"logger0-0": DEBUG}


def answer(levels: object, version: object = "v") -> bytes:
    return json.dumps({"service": "s", "version": version, "levels": levels}).encode()


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.tuples(st.sampled_from(sorted(LEVEL_NAMES)), st.none() | st.floats(0, 10**9)),
        max_size=20,
    )
)
def test_what_the_aggregator_says_is_read(levels: dict[str, tuple[int, float | None]]) -> None:
    said = {name: {"level": LEVEL_NAMES[level], "for_s": for_s} for name, (level, for_s) in levels.items()}
    assert WantedLevels.parse(answer(said)) == WantedLevels(
        "v",
        {name: level for name, (level, _) in levels.items()},
        {name: for_s for name, (_, for_s) in levels.items() if for_s is not None},
    )


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        answer([]),
        answer({"a": "DEBUG"}),
        answer({"a": {}}),
        answer({"a": {"level": "LOUD"}}),
        answer({"a": {"level": "9" * 5000}}),
        answer({"a": {"level": "DEBUG", "for_s": "1"}}),
        answer({"a": {"level": "DEBUG", "for_s": float("nan")}}),
        answer({"": {"level": "DEBUG"}}),
        answer({str(number): {"level": "DEBUG"} for number in range(257)}),
        answer({}, version=None),
        answer({}, version=7),
    ],
)
def test_what_is_no_answer_is_refused_whole(said: bytes) -> None:
    with pytest.raises(ValueError, match="no levels"):
        WantedLevels.parse(said)


@given(JSON | st.fixed_dictionaries({"version": JSON, "levels": JSON}) | st.binary())
def test_no_answer_raises_anything_else(said: Any) -> None:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    with contextlib.suppress(ValueError):
        parsed = WantedLevels.parse(body)
        followed = Followed()
        followed.ask(parsed.version, parsed.for_s, **parsed.by_logger)
        followed.levels.run(away=True)
