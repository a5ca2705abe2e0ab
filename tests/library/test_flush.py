import threading

from ha_ingestor_logging.flush import FlushMarker


def test_a_marker_has_passed_when_it_passed_every_output() -> None:
    marker = FlushMarker(2)
    marker.passed()
    assert not marker.wait(0)
    threading.Timer(0.02, marker.passed).start()
    assert marker.wait(5)


def test_without_outputs_it_has_passed_at_once() -> None:
    assert FlushMarker(0).wait(0)
