"""A client of the aggregator's public API, as the tests need it."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp

from stack.aggregator import Tokens

_PAGE_LINES = 5000


class AggregatorClient:
    """Sends to, searches and reads the settings of one aggregator."""

    def __init__(self, session: aiohttp.ClientSession, url: str, tokens: Tokens) -> None:
        self._session = session
        self._url = url
        self._tokens = tokens

    async def send(self, lines: Iterable[Mapping[str, object]]) -> int:
        """Send log lines; return how many were acknowledged."""
        body = "\n".join(json.dumps(line) for line in lines)
        async with self._session.post(
            f"{self._url}/api/v1/logs", data=body.encode(), headers=_bearer(self._tokens.ingest)
        ) as response:
            response.raise_for_status()
            answer = await response.json()
        assert answer["errors"] == []
        accepted: int = answer["accepted"]
        return accepted

    async def search_all(self, query: str) -> list[dict[str, Any]]:
        """Return every line that a query finds, page by page."""
        rows: list[dict[str, Any]] = []
        request: dict[str, object] = {"query": query, "limit": _PAGE_LINES}
        while True:
            async with self._session.post(
                f"{self._url}/api/v1/search", json=request, headers=_bearer(self._tokens.read)
            ) as response:
                response.raise_for_status()
                page = await response.json()
            assert page["partial"] is False
            rows += page["rows"]
            if page["cursor"] is None:
                return rows
            request["cursor"] = page["cursor"]

    async def settings(self) -> dict[str, Any]:
        """Return the aggregator's settings."""
        async with self._session.get(
            f"{self._url}/api/v1/settings", headers=_bearer(self._tokens.read)
        ) as response:
            response.raise_for_status()
            settings: dict[str, Any] = await response.json()
            return settings


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
