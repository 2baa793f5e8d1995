"""Who may ask: programs and pages of this machine, under a name of loopback, and no page of another site."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMES = ("127.0.0.1", "localhost")
_SAFE = ("GET", "HEAD")
_SAME = ("same-origin", "none")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def hosts(port: int) -> tuple[str, ...]:
    """What a browser of this machine sends as ``Host`` to a server on this port."""
    return tuple(f"{name}:{port}" for name in NAMES) + (NAMES if port == 80 else ())


def refusal(method: str, headers: Headers, allowed: Sequence[str]) -> tuple[HTTPStatus, str] | None:
    """Why a request is refused, and with which status; None: it is not.

    A name of somebody else that leads to 127.0.0.1 (DNS rebinding) is seen in ``Host``. A page of another site can
    send requests here too; a browser says so in ``Origin`` or ``Sec-Fetch-Site``.

    Args:
        method: of the request.
        headers: of the request.
        allowed: by `hosts`.
    """
    named = headers.getlist("host")
    if len(named) != 1 or named[0].lower() not in allowed:
        return HTTPStatus.BAD_REQUEST, f"this server answers to http://{allowed[0]} only, not to another host"
    origins = headers.getlist("origin")
    if any(origin.lower() not in {f"http://{host}" for host in allowed} for origin in origins):
        return HTTPStatus.FORBIDDEN, "this server does not answer to pages of another site"
    if method in _SAFE:
        return None
    if headers.get("sec-fetch-site", "none") not in _SAME:
        return HTTPStatus.FORBIDDEN, "this server takes no data from pages of another site"
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected a body of the type application/json"
    return None


class Guard:
    """Refuses requests by `refusal`, and says in every answer that nothing is loaded from elsewhere.

    Args:
        app: what answers the other requests.
        allowed: by `hosts`.
    """

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self.app, self.allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no HTTP is not answered."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refused = refusal(scope["method"], Headers(scope=scope), self.allowed)
        if refused is None:
            await self.app(scope, receive, send_with_headers)
        else:
            status, message = refused
            await JSONResponse({"error": message}, status)(scope, receive, send_with_headers)
