"""Extras that are not the same for all parts of a configuration."""

from __future__ import annotations

from typing import Any


class ByPath:
    """An extra of which every part is given a value of its own."""

    def at(self, path: str) -> Any:
        """What the part of a key path, such as ``model.embedder.tokens``, is given."""
        raise NotImplementedError


def at_path(extra: Any, path: str) -> Any:
    """What the part at `path` is given for `extra`."""
    return extra.at(path) if isinstance(extra, ByPath) else extra
