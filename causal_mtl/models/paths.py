"""The paths along which labels are transferred to a task."""

from __future__ import annotations

from typing import Literal

from causal_mtl.common import ConfigurationError
from causal_mtl.nn.architectures import Architecture

Path = Literal["direct", "indirect"]
"""To the head of a task (CMTL eq. 7), or to its encoder (eq. 4)."""
PATHS: tuple[Path, Path] = ("direct", "indirect")


def open_paths(paths: str | None, architecture: Architecture) -> tuple[Path, ...]:
    """The paths that are asked for, as far as the architecture has them.

    Raises:
        ConfigurationError: it has no encoders that could be given the labels that are asked for.
    """
    if problem := paths_problem(paths, type(architecture)):
        raise ConfigurationError(f"paths: {problem}")
    if not architecture.private:
        return ("direct",)
    return tuple(path for path in PATHS if paths in (path, "both", None))


def paths_problem(paths: str | None, architecture: type[Architecture]) -> str | None:
    """What is wrong with these paths in this architecture."""
    if getattr(architecture, "private", True) or paths not in ("both", "indirect"):
        return None
    return (
        f'"{paths}" transfers labels to the encoder of a task, and {architecture.__name__} has none; '
        'leave paths out, or set it to "direct"'
    )
