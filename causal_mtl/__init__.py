"""Predict labels that depend on each other: causal multi-task learning and joint extraction from config files.

The two entry points of a notebook are loaded when first used, so that importing this costs nothing::

    from causal_mtl import load, train

    train("config.jsonnet", "runs/first", overrides={"trainer.num_epochs": 5})
    load("runs/first/model.tar.gz").predict("Aarhus is in Denmark .")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from causal_mtl.version import VERSION as __version__

if TYPE_CHECKING:
    from causal_mtl.predictors import load
    from causal_mtl.training.train import train

__all__ = ["__version__", "load", "train"]


def __getattr__(name: str) -> Any:
    """Import `load` and `train` (and with them torch) when they are asked for."""
    if name == "load":
        from causal_mtl.predictors import load

        return load
    if name == "train":
        from causal_mtl.training.train import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), "load", "train"])
