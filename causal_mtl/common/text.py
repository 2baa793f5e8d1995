"""Key paths, types, values and suggestions as people read them in an error message."""

from __future__ import annotations

import difflib
import json
import re
import types
from collections.abc import Iterable
from typing import Annotated, Any, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

_SEGMENT = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')


def join(path: str, key: str | int) -> str:
    """The path of `key` below `path`: ``a.b``, ``a[0]``, or ``a["x.y"]`` for a key with special signs."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not key or not key.isprintable() or re.search(r'[.\[\]"\\]', key):
        return f"{path}[{json.dumps(key, ensure_ascii=not key.isprintable())}]"
    return f"{path}.{key}" if path else key


def split(path: str) -> list[str]:
    """The segments of a path, ``a.b[0]`` or ``a.b.0``; the inverse of `join` up to digits being strings."""
    return [
        _unquoted(match[1]) if match[0].startswith('["') else match[2] or match[3]
        for match in _SEGMENT.finditer(path)
    ]


def _unquoted(text: str) -> str:
    try:
        return json.loads(f'"{text}"')
    except ValueError:  # written by hand
        return re.sub(r"\\(.)", r"\1", text)


def suggestion(word: str, choices: Iterable[str]) -> str:
    """``; did you mean 'x'?`` when one of `choices` is near `word`, else the empty string."""
    candidates = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(str(word).lower(), candidates, n=1, cutoff=0.6)
    return f"; did you mean '{candidates[near[0]]}'?" if near else ""


def type_name(annotation: Any) -> str:
    """An annotation in short: ``int``, ``list[Task]``, ``int >= 1``, ``'a' | 'b'``, ``Lazy[Optimizer]``."""
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if origin is Annotated:
        notes = [str(note) for note in args[1:] if hasattr(note, "holds")]
        return " ".join([type_name(args[0]), *notes])
    if origin in (Union, types.UnionType):
        return " | ".join(type_name(arg) for arg in args)
    if origin is Literal:
        return " | ".join(repr(arg) for arg in args)
    if isinstance(annotation, TypeVar):
        return type_name(annotation.__bound__) if annotation.__bound__ else "any"
    if annotation is Any or annotation is Ellipsis:
        return "any" if annotation is Any else "..."
    if isinstance(annotation, str | ForwardRef):
        return annotation if isinstance(annotation, str) else annotation.__forward_arg__
    if isinstance(annotation, list):  # the parameters of a Callable
        return f"[{', '.join(map(type_name, annotation))}]"
    name = getattr(origin or annotation, "__name__", str(annotation))
    return f"{name}[{', '.join(map(type_name, args))}]" if args else name


def value_name(value: Any) -> str:
    """A value in short, with its JSON kind: ``string 'x'``, ``object with keys a, b``, ``list of 3``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean {str(value).lower()}"
    if isinstance(value, dict):
        return f"an object with keys {', '.join(map(str, list(value)[:6]))}" if value else "an empty object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    kind = {int: "integer", float: "number", str: "string"}.get(type(value), type(value).__name__)
    text = repr(value)
    return f"{kind} {text if len(text) <= 60 else text[:57] + '...'}"


def one_line(message: str) -> str:
    """A message that untrusted data may have shaped, as one printable line of 1,000 characters at most."""
    joined = "; ".join(line.strip() for line in message.splitlines() if line.strip())
    safe = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in joined)
    return safe if len(safe) <= 1000 else safe[:1000] + " …"
