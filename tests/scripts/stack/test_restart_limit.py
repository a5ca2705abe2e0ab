from stack.restart_limit import RestartLimit


class _Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_no_more_restarts_than_the_limit_are_allowed_at_once() -> None:
    limit = RestartLimit(3, 60.0, _Clock())
    assert [limit.take() for _ in range(5)] == [True, True, True, False, False]


def test_a_restart_is_allowed_again_once_an_earlier_one_is_past_the_span() -> None:
    clock = _Clock()
    limit = RestartLimit(2, 60.0, clock)
    assert limit.take()
    clock.now_s += 30.0
    assert limit.take()
    clock.now_s += 29.0
    assert not limit.take()
    clock.now_s += 1.0
    assert [limit.take(), limit.take()] == [True, False]
