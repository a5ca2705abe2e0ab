import threading
import time

from ha_ingestor_logging.flush import FlushMarker


def test_a_marker_has_passed_when_it_passed_every_output() -> None:
    marker = FlushMarker(2)
    marker.passed()
    assert not marker.wait(0)
    threading.Timer(0.02, marker.passed).start()
    assert marker.wait(5)


def test_a_marker_that_an_output_gave_up_is_not_waited_for_but_for_the_other_outputs() -> None:
    marker = FlushMarker(2)
    marker.passed(complete=False)
    threading.Timer(0.2, marker.passed).start()
    started = time.monotonic()
    assert not marker.wait(5)
    assert 0.1 < time.monotonic() - started < 4


def test_without_outputs_it_has_passed_at_once() -> None:
    assert FlushMarker(0).wait(0)
