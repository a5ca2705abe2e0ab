"""A client of an aggregator that runs as its own process."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """An answer of the aggregator."""

    status: int
    body: bytes

    @property
    def error(self) -> dict[str, object]:
        """The error that it carries."""
        error: dict[str, object] = json.loads(self.body)["error"]
        return error


@dataclass(frozen=True)
class Aggregator:
    """A running aggregator."""

    url: str
    data: Path

    def token(self, scope: str) -> str:
        """Return the token of a scope."""
        return (self.data / "tokens" / scope).read_text()

    def request(
        self, method: str, path: str, body: bytes | None = None, *, scope: str = "ingest", **headers: str
    ) -> Answer:
        """Send a request; further headers with `_` for `-`."""
        request = urllib.request.Request(self.url + path, body, method=method)  # noqa: S310
        request.add_header("Authorization", f"Bearer {self.token(scope)}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                return Answer(response.status, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read())

    def scrape(self) -> list[str]:
        """Return the lines of `GET /metrics`."""
        answer = self.request("GET", "/metrics", scope="read")
        assert answer.status == 200
        return answer.body.decode().splitlines()
