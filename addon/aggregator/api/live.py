"""The live WebSocket: tails and statistics, many subscriptions on one connection."""

import asyncio
from collections.abc import Coroutine, Mapping

import orjson
from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from aggregator import __version__, limits
from aggregator.api import json_body, stats
from aggregator.api.auth import check, require
from aggregator.api.reading import parse_query
from aggregator.api.responses import problem
from aggregator.errors import AggregatorError, InvalidFieldError
from aggregator.query.ast import Node
from aggregator.state import STATE, State
from aggregator.tokens import Scope

_CLOSE_UNAUTHORIZED = 4401
_INTERVAL_S = range(1, 3601)
_FIELDS = {
    "tail": frozenset({"id", "type", "query"}),
    "stats": frozenset({"id", "type", "interval_s"}),
    "unsubscribe": frozenset({"id", "type", "subscription"}),
}
"""Fields of each kind of request."""

CONNECTIONS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("live_connections", set)


def add_routes(app: web.Application) -> None:
    """Add the route to an application."""
    app[CONNECTIONS] = set()
    app.router.add_get("/api/v1/live", live)
    app.on_shutdown.append(_close_all)


async def live(request: web.Request) -> web.StreamResponse:
    """Serve one live connection until it ends."""
    if hdrs.AUTHORIZATION in request.headers:
        require(request, Scope.READ)
    socket = web.WebSocketResponse(heartbeat=30, max_msg_size=limits.LIVE_MESSAGE_BYTES, compress=False)
    await socket.prepare(request)
    request.app[CONNECTIONS].add(socket)
    try:
        if hdrs.AUTHORIZATION not in request.headers and not await _authenticate(request.app, socket):
            await socket.close(code=_CLOSE_UNAUTHORIZED, message=b"unauthorized")
            return socket
        await socket.send_json({"type": "ready", "version": __version__})
        async with asyncio.TaskGroup() as tasks:
            connection = _Connection(socket, request.app[STATE], tasks)
            await connection.serve()
            connection.end()
    finally:
        request.app[CONNECTIONS].discard(socket)
    return socket


async def _close_all(app: web.Application) -> None:
    connections: set[web.WebSocketResponse] = app[CONNECTIONS]
    for socket in tuple(connections):
        await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the aggregator stops")


async def _authenticate(app: web.Application, socket: web.WebSocketResponse) -> bool:
    """Take a browser's token, which can't come in a header, from the first message."""
    try:
        message = await socket.receive(timeout=limits.LIVE_AUTH_S)
        if message.type is not WSMsgType.TEXT:
            return False
        fields = json_body.parse_object(message.data)
        if fields.get("type") != "auth":
            return False
        check(app, json_body.text(fields, "token"), Scope.READ)
    except (TimeoutError, AggregatorError):
        return False
    return True


class _Connection:
    """One authenticated live connection.

    Args:
        socket: the WebSocket.
        state: the aggregator.
        tasks: group that its subscriptions run in.
    """

    def __init__(self, socket: web.WebSocketResponse, state: State, tasks: asyncio.TaskGroup) -> None:
        self._socket = socket
        self._state = state
        self._tasks = tasks
        self._subscriptions: dict[int, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Answer requests until the client goes."""
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            request_id: object = None
            try:
                fields = json_body.parse_object(message.data)
                request_id = fields.get("id")
                await self._answer(fields)
            except AggregatorError as error:
                await self._send({"id": request_id, "type": "error", **problem(error)})

    def end(self) -> None:
        """Stop all subscriptions."""
        for task in self._subscriptions.values():
            task.cancel()

    async def _answer(self, fields: Mapping[str, object]) -> None:
        request_id = fields.get("id")
        if type(request_id) is not int:
            raise InvalidFieldError("id: a whole number is needed", field="id")
        kind = json_body.text(fields, "type")
        if kind not in _FIELDS:
            raise InvalidFieldError(f"type: one of {', '.join(_FIELDS)}", field="type")
        json_body.known_only(fields, _FIELDS[kind])
        match kind:
            case "tail":
                node = parse_query(json_body.text(fields, "query"))
                await self._subscribe(request_id, self._tail(request_id, node, self._state.store.last_seq))
            case "stats":
                interval_s = json_body.whole_number(fields, "interval_s", 5, _INTERVAL_S)
                await self._subscribe(request_id, self._stats(request_id, interval_s))
            case "unsubscribe":
                self._unsubscribe(fields.get("subscription"))
                await self._send({"id": request_id, "type": "result"})

    async def _subscribe(self, request_id: int, work: Coroutine[None, None, None]) -> None:
        problem_text = ""
        if request_id in self._subscriptions:
            problem_text = "id: is in use"
        elif len(self._subscriptions) >= limits.LIVE_SUBSCRIPTIONS:
            problem_text = f"id: a connection has at most {limits.LIVE_SUBSCRIPTIONS} subscriptions"
        if problem_text:
            work.close()
            raise InvalidFieldError(problem_text, field="id")
        await self._send({"id": request_id, "type": "result"})
        self._subscriptions[request_id] = self._tasks.create_task(work)

    def _unsubscribe(self, subscription: object) -> None:
        task = self._subscriptions.pop(subscription, None) if isinstance(subscription, int) else None
        if task is None:
            raise InvalidFieldError("subscription: there is none with this id", field="subscription")
        task.cancel()

    async def _tail(self, request_id: int, node: Node, reached: int) -> None:
        loop = asyncio.get_running_loop()
        bell = self._state.news.listen()
        try:
            while True:
                bell.clear()
                rows, missed, reached = await loop.run_in_executor(
                    self._state.searches, self._state.store.since, reached, node, limits.TAIL_ROWS
                )
                if rows or missed:
                    records = [record.fields for record in rows]
                    await self._send({"id": request_id, "type": "rows", "rows": records, "missed": missed})
                await asyncio.sleep(limits.TAIL_INTERVAL_S)
                await bell.wait()
        except ConnectionResetError:
            return
        finally:
            self._state.news.forget(bell)

    async def _stats(self, request_id: int, interval_s: int) -> None:
        try:
            while True:
                await self._send(
                    {"id": request_id, "type": "stats", "stats": await stats.snapshot(self._state)}
                )
                await asyncio.sleep(interval_s)
        except ConnectionResetError:
            return

    async def _send(self, message: Mapping[str, object]) -> None:
        await self._socket.send_str(orjson.dumps(message).decode())
