"""Giving loaders the features of a model's frozen parts."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import nn

from causal_mtl.common import ConfigurationError
from causal_mtl.data.loader import Loader
from causal_mtl.nn.text_embedder import TextEmbedder
from causal_mtl.nn.token_embedders import FixedFeatures, TokenEmbedder
from causal_mtl.training.frozen_cache.features import Wanted, stored_features
from causal_mtl.training.frozen_cache.files import cache_directory

logger = logging.getLogger(__name__)


def use_cache(
    model: nn.Module,
    loaders: Iterable[tuple[str, Loader]],
    device: torch.device,
    *,
    make: bool = True,
    directory: Path | None = None,
) -> None:
    """From now on the batches of `loaders` hold the features of frozen transformers in place of word pieces.

    Features that are not on disk yet are computed and written first. An embedder without fixed features, or one
    that is told not to keep them, goes on as before.

    Args:
        model: is moved to `device`.
        loaders: each with what names its data for people, such as a path.
        device: to compute on.
        make: False: only read what is there.
        directory: of the cache (default: `cache_directory()`).
    """
    found, loaders = fixed_features(model), list(loaders)
    if not found:
        return
    try:
        directory = cache_directory() if directory is None else directory
    except ConfigurationError as error:
        logger.warning("features of frozen transformers are not kept: %s", error)
        return
    if not make and not directory.is_dir():
        return
    model.to(device)
    for name, fixed in found.items():
        for source, loader in loaders:
            if any(loader.num_tokens):
                stored = stored_features(Wanted(name, fixed, loader, source, device), directory, make=make)
                if stored is not None:
                    loader.take_from(name, stored)


def fixed_features(model: nn.Module) -> dict[str, FixedFeatures]:
    """The fixed features of a model's embedders, by the name of their token indexer.

    Where several embedders read one token indexer (one per task), all are copies of one.
    """
    found: dict[str, FixedFeatures | None] = {}
    for part in model.modules():
        if isinstance(part, TextEmbedder):
            for name, embedder in part.embedders.items():
                if name not in found and isinstance(embedder, TokenEmbedder):
                    found[name] = embedder.fixed_features()
    return {name: fixed for name, fixed in found.items() if fixed is not None}
