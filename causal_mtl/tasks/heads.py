"""Heads by the name of their task."""

from __future__ import annotations

from collections.abc import ItemsView
from typing import TYPE_CHECKING

from causal_mtl.nn.named_modules import NamedModules
from causal_mtl.tasks.task import Head


class Heads(NamedModules):
    """A `NamedModules` that tells type checkers what it holds."""

    if TYPE_CHECKING:

        def __getitem__(self, key: str) -> Head: ...

        def items(self) -> ItemsView[str, Head]: ...  # noqa: D102
