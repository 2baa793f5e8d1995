"""The addresses of the page: its own files, and what it asks."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.page.body import read_object, record_of, sizes_of
from causal_mtl.integrations.page.checks import Guard
from causal_mtl.integrations.page.served import ServedModel

STATIC = Path(__file__).parent / "static"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def make_app(models: Sequence[ServedModel], allowed: Sequence[str]) -> ASGIApp:
    """The application.

    Args:
        models: side by side, in this order.
        allowed: values of the ``Host`` header, by `checks.hosts`.
    """

    async def describe(_: Request) -> Response:
        return JSONResponse({"models": [model.describe() for model in models]})

    async def predict(request: Request) -> Response:
        model, asked = _model(models, request), await read_object(request)
        return JSONResponse(await run_in_threadpool(model.predict, record_of(asked)))

    async def effects(request: Request) -> Response:
        model, asked = _model(models, request), await read_object(request)
        record, sizes = record_of(asked, "target", "n"), sizes_of(asked)
        return JSONResponse(await run_in_threadpool(model.word_effects, record, asked.get("target"), sizes))

    app = Starlette(
        routes=[
            *(_file(path) for path in sorted(STATIC.iterdir()) if path.suffix in _TYPES),
            Route("/api/models", describe),
            Route("/api/models/{number:int}/predict", predict, methods=["POST"]),
            Route("/api/models/{number:int}/effects", effects, methods=["POST"]),
        ],
        exception_handlers={ConfigurationError: _refused, HTTPException: _failed, Exception: _broken},
    )
    # Around all of it, as Starlette answers unexpected errors outside of its middleware.
    return Guard(app, allowed)


def _model(models: Sequence[ServedModel], request: Request) -> ServedModel:
    number = request.path_params["number"]
    if number >= len(models):
        raise HTTPException(
            HTTPStatus.NOT_FOUND, f"there is no model {number}: {len(models)} are served, from 0"
        )
    return models[number]


def _file(path: Path) -> Route:
    """One file of ours, read at the start; index.html is the page itself."""
    response = Response(path.read_bytes(), media_type=_TYPES[path.suffix])

    async def send(_: Request) -> Response:
        return response

    return Route("/" if path.name == "index.html" else f"/{path.name}", send)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)


async def _refused(_: Request, error: Any) -> Response:
    return _error(HTTPStatus.BAD_REQUEST, error.message)


async def _failed(_: Request, error: Any) -> Response:
    return _error(error.status_code, error.detail)


async def _broken(_: Request, error: Any) -> Response:
    return _error(
        HTTPStatus.INTERNAL_SERVER_ERROR, f"this failed ({type(error).__name__}); see the server's log"
    )
