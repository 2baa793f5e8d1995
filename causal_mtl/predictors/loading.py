"""From an archive to its predictor."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

from causal_mtl.archive import Device, load_archive
from causal_mtl.common import import_package, import_plugins
from causal_mtl.nn.precision import choose_device, choose_precision
from causal_mtl.predictors.predictor import Precision, Predictor


def load(
    path: str | PathLike[str],
    *,
    overrides: str | dict[str, Any] = "",
    device: Device = "cpu",
    predictor: str = "default",
    batch_size: int = 32,
    mixed_precision: Precision = "no",
    include_package: Sequence[str] = (),
    given_gold: Sequence[str] = (),
) -> Predictor:
    """Load a trained model to predict with.

    Args:
        path: of a ``model.tar.gz``, of the directory of a training, or a URL.
        overrides: changes to its config.
        device: "cpu" or "cuda".
        predictor: the registered name of a `Predictor`.
        batch_size: sentences that are predicted together.
        mixed_precision: "auto", "no" or "bf16", see `Predictor`.
        include_package: modules to import first, for the components that they register; the archive's config
            can also name their classes by dotted path.
        given_gold: tasks whose gold in the records is given, see `Predictor`.

    Raises:
        ConfigurationError: this is no archive, or it cannot be loaded here.
    """
    choose_precision(mixed_precision, choose_device(device))
    import_plugins()
    for package in include_package:
        import_package(package)
    archive = load_archive(path, overrides, device)
    # Only where it is asked for: a predictor of one's own need not take it.
    options = {"given_gold": given_gold} if given_gold else {}
    return Predictor.by_name(predictor)(archive, batch_size, mixed_precision, **options)
