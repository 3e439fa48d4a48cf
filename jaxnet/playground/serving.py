"""The server of ``jaxnet play``: the page's files by name, and one socket a tab; on this machine only.

A frame is computed in a thread of its own, one at a time for each tab, so the loop that reads the sockets never waits.
"""

import asyncio
import functools
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from jaxnet.playground.conversation import Conversation
from jaxnet.playground.guards import Guard, new_token, same_token
from jaxnet.playground.page_files import page_file

MOST_TABS, MOST_SOCKETS = 8, 16
MOST_MESSAGE = 128 * 1024  # bytes of one message of the page: a command, or a piece of a table
_KEPT_SECONDS = 600.0  # how long the state of a tab is kept after its socket has closed
TOKEN_SECONDS = 10.0  # within which the first message has to come
_TYPES = {"html": "text/html; charset=utf-8", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
PAGE = (
    "index.html", "style.css", "icon.svg", "talk.js", "page.js", "race.js", "examples.js", "drawing.js", "controls.js",
    "frames.js",
)  # fmt: skip


class _Tab:
    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.lock = asyncio.Lock()
        self.sockets = 0
        self.seen = time.monotonic()


class PlayServer:
    """What is served, for a function that begins a tab's conversation.

    Attributes:
        token: without which a socket is closed.
        app: the ASGI application, guarded.
        seen: when a page last asked for something, by ``time.monotonic``.
    """

    def __init__(self, begin: Callable[[], Conversation], hosts: list[str]) -> None:
        self._begin = begin
        self.token = new_token()
        self.seen = time.monotonic()
        self._tabs: dict[str, _Tab] = {}
        self._sockets = 0
        # read once: a name that is not on the list is no file, whatever it looks like
        self._files = {name: page_file(name) for name in PAGE}
        routes = [
            Route("/", self._file), Route("/{name}", self._file), WebSocketRoute("/socket", self._socket)
        ]  # fmt: skip
        self.app = Guard(Starlette(routes=routes), hosts)

    async def _file(self, request: Request) -> Response:
        self.seen = time.monotonic()
        name = request.path_params.get("name", "index.html")
        if name not in self._files:
            return PlainTextResponse("there is no such file\n", 404)
        return Response(self._files[name], media_type=_TYPES[name.rpartition(".")[2]])

    async def _socket(self, page: WebSocket) -> None:
        if self._sockets >= MOST_SOCKETS:
            await page.close(1013)
            return
        await page.accept()
        self._sockets += 1
        try:
            tab = await self._entered(page)
            if tab is not None:
                await self._talk(page, tab)
        except (WebSocketDisconnect, RuntimeError):
            # RuntimeError: what starlette raises when something is sent to a page that has just gone
            pass
        finally:
            self._sockets -= 1

    async def _entered(self, page: WebSocket) -> _Tab | None:
        """Take the first message, {"token": ..., "tab": ...}, and return the tab that it names, or a new one."""
        try:
            said = json.loads(await asyncio.wait_for(page.receive_text(), TOKEN_SECONDS))
        except (TimeoutError, ValueError, KeyError):
            said = None
        if not isinstance(said, dict) or not same_token(said.get("token"), self.token):
            await page.close(4401, "the token is another one: open the address that jaxnet play printed")
            return None
        self._forget()
        name = said.get("tab")
        if not isinstance(name, str) or not 0 < len(name) <= 64:
            await page.close(4400, "a tab has a name")
            return None
        if name not in self._tabs:
            if len(self._tabs) >= MOST_TABS:
                await page.close(4429, f"there are {MOST_TABS} tabs already: close one")
                return None
            self._tabs[name] = _Tab(await in_thread(self._begin))
        return self._tabs[name]

    def _forget(self) -> None:
        late = time.monotonic() - _KEPT_SECONDS
        for name, tab in list(self._tabs.items()):
            # a closed tab makes room at once where room is needed
            if not tab.sockets and (tab.seen < late or len(self._tabs) >= MOST_TABS):
                del self._tabs[name]

    async def _talk(self, page: WebSocket, tab: _Tab) -> None:
        tab.sockets += 1
        try:
            while True:
                message = await page.receive()
                if message["type"] == "websocket.disconnect":
                    return
                said = message.get("text") if message.get("text") is not None else message.get("bytes")
                self.seen = tab.seen = time.monotonic()
                if said is None or len(said) > MOST_MESSAGE:
                    await page.close(1009)
                    return
                async with tab.lock:
                    answer = await in_thread(functools.partial(tab.conversation.answer, said))
                if isinstance(answer, bytes):
                    await page.send_bytes(answer)
                else:
                    await page.send_text(json.dumps(answer))
        finally:
            tab.sockets -= 1


def serve_play(server: PlayServer, listener: socket.socket, *, idle_seconds: float) -> bool:
    """Serve on a socket that listens until Ctrl-C (then return True, at once, also within a frame), or until no page
    has asked for anything for ``idle_seconds`` (then return False)."""
    # no log_config: uvicorn's would close the handlers that this process has, and a token never stands in a log
    config = uvicorn.Config(
        server.app, ws="websockets-sansio", ws_max_size=MOST_MESSAGE, lifespan="off", access_log=False,
        log_config=None, timeout_graceful_shutdown=1, limit_concurrency=4 * MOST_SOCKETS, server_header=False,
    )  # fmt: skip
    engine = _Engine(config)

    async def until_idle() -> None:
        while time.monotonic() - server.seen < idle_seconds:
            await asyncio.sleep(min(1.0, idle_seconds / 4))
        engine.should_exit = engine.force_exit = True

    async def both() -> None:
        watch = asyncio.create_task(until_idle())
        await engine.serve(sockets=[listener])
        watch.cancel()

    try:
        asyncio.run(both())
    except KeyboardInterrupt:
        return True
    return engine.interrupted


class _Engine(uvicorn.Server):
    """uvicorn, but Ctrl-C waits for nobody: a page would keep its socket open."""

    interrupted = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.interrupted = self.should_exit = self.force_exit = True


async def in_thread(work: Callable[[], Any]) -> Any:
    """Call a function in a thread that does not outlive the program: one of a pool would be waited for at its end."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whatever it is, the one who waits has to hear of it
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(future)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address, port 0 for any that is free. Raises OSError, in a sentence, for a
    port in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise OSError(
            f"cannot listen on {host} port {port}: {error.strerror} (--port 0 takes any that is free)"
        ) from error
    return listener


def hosts_of(host: str, port: int) -> list[str]:
    """Return the Host headers that a page of this address sends."""
    named = f"[{host}]" if ":" in host else host
    local = host in ("127.0.0.1", "::1")
    return [f"{named}:{port}", *([f"localhost:{port}"] if local else [])]
