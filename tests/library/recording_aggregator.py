"""A real HTTP server that answers as it is told and remembers what it was sent.

The aggregator itself can't be made to answer 429, 413 or nothing at the moment a test needs it; what the
library does with the aggregator's own answers is tested in test_with_aggregator.py.
"""

import json
import socket
import sys
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@dataclass(frozen=True)
class Answer:
    """One answer; ``status`` 0 closes the connection without any."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SentRequest:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in zstd.decompress(self.body).splitlines()]


class RecordingAggregator:
    """Takes everything unless ``answers`` holds something else, one for each request to come.

    Pushed metrics are always taken, and who asks for levels gets ``levels``.
    """

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.levels = Answer(200, b'{"version":"none","levels":{}}')
        self.requests: list[SentRequest] = []
        self.arrived = threading.Condition()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = SentRequest(self.command, self.path, dict(self.headers), body)
                answer = recorder.answer_to(request)
                if answer.status == 0:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_PUT = do_GET = do_POST  # noqa: N815 - the base class's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer_to(self, request: SentRequest) -> Answer:
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()
            if request.path.startswith("/metrics/"):
                return Answer(200)
            if request.path.endswith("/levels"):
                return self.levels
            if self.answers:
                return self.answers.popleft()
        return self.usual_answer(request)

    def usual_answer(self, request: SentRequest) -> Answer:
        return Answer(200, json.dumps({"accepted": len(request.lines), "errors": []}).encode())

    @property
    def log_requests(self) -> list[SentRequest]:
        return [request for request in self.requests if request.path == "/api/v1/logs"]

    @property
    def records(self) -> list[dict[str, Any]]:
        return [record for request in self.log_requests for record in request.lines]

    def wait_for(self, requests: int, timeout_s: float = 10.0) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.log_requests) >= requests, timeout_s)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
