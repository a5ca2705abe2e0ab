"""What the tests of the store share."""

import pytest

from aggregator import limits


@pytest.fixture(autouse=True)
def _loads_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load small batches as they come: these tests send many, one after the other."""
    monkeypatch.setattr(limits, "LOAD_INTERVAL_S", 0.0)
