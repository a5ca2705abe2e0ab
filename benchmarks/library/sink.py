"""A server in a process of its own that takes every request, as an aggregator would, and forgets it."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection


class _Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Read the body and accept it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        # OTLP's answer in protobuf is empty when everything was taken.
        answer = b"" if self.path.startswith("/v1/") else b'{"accepted":0,"errors":[]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST  # noqa: N815 - the base class's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(port: Connection) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    port.send(server.server_port)
    server.serve_forever()


@contextmanager
def sink() -> Iterator[str]:
    """Start the server; gives its URL."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sending,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{receiving.recv()}"
    process.terminate()
    process.join()
