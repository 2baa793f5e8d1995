"""The pre-pass: features of all sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from tqdm import tqdm

from causal_mtl.data.loader import Loader
from causal_mtl.nn.token_embedders import FixedFeatures
from causal_mtl.training.frozen_cache.sentences import Sentences


class NotHalfError(Exception):
    """A feature is too large for half precision, or is not a number."""


def computed(
    fixed: FixedFeatures, loader: Loader, name: str, sentences: Sentences, device: torch.device
) -> Iterator[np.ndarray]:
    """The rows of the table, a group of sentences at a time: ``(tokens, *shape)`` in half precision.

    Args:
        fixed: on `device`.
        loader: of the data.
        name: of the token indexer.
        sentences: of `loader`.
        device: of the embedder.

    Raises:
        NotHalfError: a feature is not finite in half precision.
    """
    with tqdm(
        total=int(sentences.num_tokens.sum()),
        desc=f"features of {name}",
        unit=" tokens",
        leave=False,
        disable=None,
    ) as bar:
        for group in sentences.groups:
            inputs = {key: value.to(device) for key, value in loader.inputs(name, group).items()}
            lengths = torch.from_numpy(sentences.num_tokens[group]).to(device)
            mask = torch.arange(int(lengths.max()), device=device) < lengths.unsqueeze(1)
            with torch.no_grad(), torch.autocast(device.type, enabled=False):
                rows = fixed.compute(mask, **inputs)[mask].half()
            if not bool(torch.isfinite(rows).all()):
                raise NotHalfError("a feature is too large for half precision, or not a number")
            yield rows.cpu().numpy()
            bar.update(len(rows))
