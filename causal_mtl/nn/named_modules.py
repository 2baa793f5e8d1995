"""Modules by names that users choose."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView

from torch import nn

_PREFIX = "%"
"""Begins the inner name of what would be an attribute of the dictionary itself (which begins with no digit)."""


class NamedModules(nn.ModuleDict):
    """An `nn.ModuleDict` whose keys may have dots, or be called as attributes of it are (`type`, `items`).

    torch allows neither, as the keys are parts of the parameters' names; there, and only there, such a key is
    written another way (``a%2Eb``, ``%items``). Others are written as they are.
    """

    def __getitem__(self, key: str) -> nn.Module:
        return super().__getitem__(_inner(key))

    def __setitem__(self, key: str, module: nn.Module) -> None:
        super().__setitem__(_inner(key), module)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(_inner(key))

    def __contains__(self, key: str) -> bool:
        return super().__contains__(_inner(key))

    def __iter__(self) -> Iterator[str]:
        return map(_outer, self._modules)

    def keys(self) -> KeysView[str]:
        """The keys, as users chose them."""
        return dict.fromkeys(self).keys()

    def items(self) -> ItemsView[str, nn.Module]:
        """Keys and modules."""
        return {
            _outer(inner): module for inner, module in self._modules.items() if module is not None
        }.items()

    def update(self, modules: Iterable[tuple[str, nn.Module]] | dict[str, nn.Module]) -> None:  # type: ignore[override]
        """Add modules, in their order."""
        for key, module in dict(modules).items():
            self[key] = module


def _inner(key: str) -> str:
    if hasattr(nn.ModuleDict, key) or key in _INSTANCE_ATTRIBUTES:
        return _PREFIX + key
    return key.replace("%", "%25").replace(".", "%2E")


def _outer(inner: str) -> str:
    if inner.startswith(_PREFIX) and not inner[1:2].isdigit():
        return inner.removeprefix(_PREFIX)
    return inner.replace("%2E", ".").replace("%25", "%")


_INSTANCE_ATTRIBUTES = frozenset(vars(nn.ModuleDict()))
