import asyncio
import time

from prometheus_client import REGISTRY

from event_ingestor.point_buffer import BufferedPoint, PointBuffer
from ha_ingestor_logging import metrics, new_correlation


def point(number: int) -> BufferedPoint:
    return BufferedPoint(
        {"measurement": "m", "tags": {}, "fields": {"value": float(number)}, "time": number},
        new_correlation(),
    )


def times(points: list[BufferedPoint]) -> list[int]:
    return [item.point["time"] for item in points]


async def test_points_are_taken_oldest_first_in_batches() -> None:
    buffer = PointBuffer(100)
    for number in range(5):
        buffer.add(point(number))
    assert times(await buffer.take(3, 10)) == [0, 1, 2]
    assert times(await buffer.take(3, 0)) == [3, 4]


async def test_taking_waits_for_the_first_point_and_gathers_more() -> None:
    buffer = PointBuffer(100)
    taking = asyncio.create_task(buffer.take(10, 0.5))
    await asyncio.sleep(0.05)
    assert not taking.done()
    buffer.add(point(1))
    await asyncio.sleep(0.02)
    buffer.add(point(2))
    assert times(await taking) == [1, 2]


async def test_a_full_buffer_drops_the_oldest_and_counts() -> None:
    def dropped() -> float:
        return REGISTRY.get_sample_value("ha_ingestor_errors_total", {"kind": "buffer_full"}) or 0.0

    before = dropped()
    buffer = PointBuffer(2)
    for number in range(5):
        buffer.add(point(number))
    assert dropped() == before + 3
    assert times(await buffer.take(10, 0)) == [3, 4]


async def test_a_closed_buffer_gives_what_is_left_and_then_nothing() -> None:
    buffer = PointBuffer(10)
    buffer.add(point(1))
    buffer.close()
    started = time.monotonic()
    assert times(await buffer.take(10, 5)) == [1]
    assert await buffer.take(10, 5) == []
    assert time.monotonic() - started < 1


async def test_the_depth_is_a_metric() -> None:
    buffer = PointBuffer(10)
    buffer.add(point(1))
    buffer.add(point(2))
    assert b"ha_ingestor_queue_depth 2.0" in metrics.exposition()
    assert len(buffer) == 2
