import math
import time

import pytest

from ha_ingestor_logging.errors import ReceiverUnavailableError
from ha_ingestor_logging.metrics_push import MetricsPush


class Pushes:
    def __init__(self) -> None:
        self.pushed: list[bytes] = []
        self.is_away = False

    def __call__(self, exposition: bytes) -> None:
        self.pushed.append(exposition)
        if self.is_away:
            raise ReceiverUnavailableError("HTTP 503")


@pytest.fixture
def now_s(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("away", [False, True])
def test_metrics_are_pushed_when_it_is_time_and_with_a_flush(now_s: list[float], away: bool) -> None:
    pushes = Pushes()
    push = MetricsPush(15.0, lambda: b"up 1\n", pushes)
    assert push.wait_s(away=away) == 15
    push.run(away=away)
    assert pushes.pushed == []
    now_s[0] += 15
    push.run(away=away)
    assert (pushes.pushed, push.wait_s(away=away)) == ([b"up 1\n"], 15)
    push.flush()
    assert len(pushes.pushed) == 2


@pytest.mark.usefixtures("now_s")
def test_a_push_that_fails_is_replaced_by_the_next() -> None:
    pushes = Pushes()
    pushes.is_away = True
    push = MetricsPush(15.0, lambda: b"up 1\n", pushes)
    push.flush()
    assert (len(pushes.pushed), push.wait_s(away=True)) == (1, 15)


def test_a_forked_child_pushes_nothing() -> None:
    pushes = Pushes()
    push = MetricsPush(15.0, lambda: b"up 1\n", pushes)
    push.after_fork()
    push.flush()
    assert (pushes.pushed, push.wait_s(away=False)) == ([], math.inf)
