"""Serves an ASGI application on a real server, in a thread."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from ha_ingestor_logging.asgi import AsgiApp


@contextmanager
def serving(app: AsgiApp) -> Iterator[str]:
    """Start a server; gives its base URL."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (port,) = {socket.getsockname()[1] for each in server.servers for socket in each.sockets}
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
