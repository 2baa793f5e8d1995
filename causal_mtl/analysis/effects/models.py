"""Several models of one configuration, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike

from causal_mtl.archive import Archive, Device, load_archive
from causal_mtl.common import ConfigurationError


def one_by_one(
    first: Archive, archives: Sequence[str | PathLike[str]], device: Device
) -> Iterator[tuple[str, Archive]]:
    """The path of each model and the model; only `first` and one other are held at a time.

    Args:
        first: the first of `archives`, which is loaded already.
        archives: of all models.
        device: of the models.

    Raises:
        ConfigurationError: some models were trained on bootstrap samples, and some were not; or one cannot be
            loaded.
    """
    for number, path in enumerate(archives):
        archive = load_archive(path, device=device) if number else first
        if is_resampled(archive) != is_resampled(first):
            raise ConfigurationError(
                "some of the models were trained with train_bootstrap, and some were not: take models of one kind"
            )
        yield str(path), archive


def is_resampled(archive: Archive) -> bool:
    """Whether the model was trained on a bootstrap sample of the training data (`train_bootstrap`)."""
    return bool(archive.config.as_dict(quiet=True).get("train_bootstrap"))
