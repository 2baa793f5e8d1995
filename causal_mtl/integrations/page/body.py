"""What the page sends: JSON of a limited size, with known keys."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from causal_mtl.common import ConfigurationError
from causal_mtl.common.strict_json import check, parse

MAX_BYTES = 1 << 20
MAX_CHARACTERS = 20_000
MAX_SIZE = 8
"""Tokens of the longest n-gram that may be asked for."""


async def read_object(request: Request) -> dict[str, Any]:
    """The JSON object in the body of a request.

    Raises:
        HTTPException: it has more than `MAX_BYTES`.
        ConfigurationError: it is no strict JSON, or no object.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            message = f"the request has more than the {MAX_BYTES:,} bytes that are allowed"
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
    try:
        value = parse(body.decode("utf-8"))
        check(value)
    except (ConfigurationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the request is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ConfigurationError(f"the request: expected an object, got {type(value).__name__}")
    return value


def record_of(asked: Mapping[str, Any], *others: str) -> dict[str, Any]:
    """The record to predict: ``text``, and ``given`` if there are labels.

    Args:
        asked: what was sent.
        others: keys that it may have besides.

    Raises:
        ConfigurationError: a key is missing, unknown, or not as it should be.
    """
    for key in asked:
        if key not in ("text", "given", *others):
            raise ConfigurationError(f"{key!r} is an unknown key of a request")
    text = asked.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ConfigurationError("text: there is none; type one")
    if len(text) > MAX_CHARACTERS:
        raise ConfigurationError(
            f"text: {len(text):,} characters are too many for the page, which takes {MAX_CHARACTERS:,}; "
            "use causal-mtl predict"
        )
    return {"text": text, "given": asked["given"]} if asked.get("given") else {"text": text}


def sizes_of(asked: Mapping[str, Any]) -> list[int]:
    """The lengths of n-grams, from 1 to ``n`` (default 3) tokens.

    Raises:
        ConfigurationError: ``n`` is no such number.
    """
    longest = asked.get("n", 3)
    if type(longest) is not int or not 1 <= longest <= MAX_SIZE:
        raise ConfigurationError(f"n: expected a whole number from 1 to {MAX_SIZE}, got {longest!r}")
    return list(range(1, longest + 1))
