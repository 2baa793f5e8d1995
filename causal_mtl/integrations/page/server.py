"""The server: one process, on loopback."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.page.served import ServedModel

ADDRESS = "127.0.0.1"
MOST_REQUESTS = 32
"""That are answered or wait at a time; others are told to come later."""


def import_uvicorn() -> Any:
    """The module ``uvicorn``; starlette is there too.

    Raises:
        ConfigurationError: one is not installed; the message names the extra that has them.
    """
    try:
        import starlette
        import uvicorn
    except ImportError as error:
        raise ConfigurationError(
            f"serve needs packages that are not installed: pip install 'causal-mtl[page]' ({error})"
        ) from None
    del starlette
    return uvicorn


def listen(port: int) -> socket.socket:
    """A socket on loopback.

    Args:
        port: 0 takes any that is free.

    Raises:
        ConfigurationError: the port is taken, or may not be used.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise ConfigurationError(
            f"--port {port}: {getattr(error, 'strerror', None) or error}; give another, or 0 for any that is free"
        ) from None
    return listening


def make_server(models: Sequence[ServedModel], port: int) -> Any:
    """What answers on a socket by its ``run(sockets=[socket])``.

    Args:
        models: side by side, in this order.
        port: of the socket: requests to other ports, or to names of other hosts, are refused.
    """
    uvicorn = import_uvicorn()
    from causal_mtl.integrations.page.app import make_app
    from causal_mtl.integrations.page.checks import hosts

    config = uvicorn.Config(
        make_app(models, hosts(port)),
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_REQUESTS,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def serve(models: Sequence[ServedModel], listening: socket.socket, ready: Callable[[str], None]) -> None:
    """Answer until Ctrl-C.

    Args:
        models: side by side, in this order.
        listening: by `listen`.
        ready: called with the page's URL when a browser can connect.
    """
    port = listening.getsockname()[1]
    server = make_server(models, port)
    listening.listen()
    ready(f"http://{ADDRESS}:{port}/")
    server.run(sockets=[listening])
