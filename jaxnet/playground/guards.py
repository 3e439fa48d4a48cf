"""Who is let in: only pages of this very server, by Host and Origin, and only whoever knows the token.

The same-origin policy does not cover websockets: any page in the browser may try to open one to this machine. And a
name that somebody else points to it (DNS rebinding) is another Host.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

_METHODS = ("GET", "HEAD")
Application = Callable[..., Awaitable[None]]
Scope = MutableMapping[str, Any]

# no external request, nothing inline; the socket is named, for some browsers do not count ws: as 'self'
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def new_token() -> str:
    """Return a token of 128 random bits."""
    return secrets.token_urlsafe(16)


def same_token(given: Any, token: str) -> bool:
    """Whether a token is the right one, compared in constant time."""
    return isinstance(given, str) and hmac.compare_digest(given.encode(), token.encode())


class Guard:
    """An ASGI application around another that answers only to its own hosts; everything else is refused with a status
    and no content of the other."""

    def __init__(self, inner: Application, hosts: list[str]) -> None:
        self._inner = inner
        self._hosts = {host.encode() for host in hosts}
        self._origins = {b"http://" + host for host in self._hosts}
        sockets = " ".join(f"ws://{host}" for host in hosts)
        self._headers = [
            (b"content-security-policy", _POLICY.format(sockets=sockets).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cache-control", b"no-store"),
        ]

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Hand on what comes from this server's own pages."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        status = self._refused(scope)
        if scope["type"] == "websocket":
            if status is not None:
                await receive()
                # before it is accepted: the handshake itself is answered with 403
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._inner(scope, receive, send)
            return

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self._headers]}
            await send(message)

        if status is not None:
            plain = [(b"content-type", b"text/plain"), (b"connection", b"close")]
            await sending({"type": "http.response.start", "status": status, "headers": plain})
            await send({"type": "http.response.body", "body": b"refused\n"})
            return
        await self._inner(scope, receive, sending)

    def _refused(self, scope: Scope) -> int | None:
        """Return the status by which a request is refused, or None."""
        given: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.lower(), []).append(value)
        hosts, origins = given.get(b"host", []), given.get(b"origin", [])
        # exactly one: two that differ are read differently by different programs
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 421
        socket = scope["type"] == "websocket"
        if len(origins) > 1 or (socket and not origins) or (origins and origins[0] not in self._origins):
            return 403
        if socket:
            return None
        if b"sec-fetch-site" in given and given[b"sec-fetch-site"][0] not in (b"same-origin", b"none"):
            return 403
        return None if scope["method"] in _METHODS else 405
