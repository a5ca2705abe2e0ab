import json

import pytest

from ha_ingestor_logging import get_logger
from ha_ingestor_logging.oversize import LINE_MAX_BYTES, cut_values
from tests.library.capturing import Capture


def test_only_what_is_large_is_cut_and_says_so() -> None:
    cut = cut_values({"message": "m", "large": "x" * 2_000_000, "nested": [1]})
    assert (cut["message"], cut["nested"]) == ("m", [1])
    assert cut["large"].startswith("xxx")
    assert cut["large"].endswith("x… [cut: 2000000 characters]")


@pytest.mark.parametrize(
    "record",
    [
        {"a": "\0" * 10**6},
        {f"f{number}": "x" * 30_000 for number in range(100)},
        {f"f{number}": "ü" * 3_000 for number in range(1000)},
        {"nested": {"deep": ["y" * 100] * 50_000}, "message": "m"},
    ],
    ids=["escapes", "many", "more", "nested"],
)
def test_the_line_is_small_enough_afterwards(record: dict[str, object]) -> None:
    assert len(json.dumps(cut_values(record), ensure_ascii=False).encode()) < 1024 * 1024


def test_a_huge_value_is_delivered_cut_and_costs_no_other_line(capture: Capture) -> None:
    log = get_logger()
    log.info("before")
    log.info("huge", body="z" * 20_000_000, nested=["z" * 2_000_000])
    log.info("z" * 3_000_000)
    log.info("after")
    records = capture()
    assert [record["message"][:6] for record in records] == ["before", "huge", "zzzzzz", "after"]
    assert records[1]["body"].endswith("… [cut: 20000000 characters]")
    assert all(len(json.dumps(record)) <= LINE_MAX_BYTES + 10_000 for record in records)
