"""Which sentences go together."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Sequence

from causal_mtl.common import ConfigurationError

_NOISE = 0.03  # lengths are blurred by up to this share, so that batches differ from epoch to epoch
_ALIKE = 8  # a difference of so many tokens never costs as much as a batch more


def batches(
    lengths: Sequence[int],
    *,
    batch_size: int | None = None,
    max_tokens: int | None = None,
    seed: int = 0,
    epoch: int = 0,
    shuffle: bool = True,
    alike: bool = False,
) -> list[list[int]]:
    """Put sentences of similar length together: every index of `lengths` in exactly one batch.

    A pure function of its arguments: the same seed and epoch give the same batches on every machine, so a
    training run that is resumed sees what it would have seen.

    Args:
        lengths: tokens of each sentence.
        batch_size: at most so many sentences per batch.
        max_tokens: at most so many tokens per batch, padding counted (sentences times the longest). A longer
            sentence is a batch of its own. With `batch_size`, both limits hold.
        seed: of the whole run.
        epoch: counted from 0.
        shuffle: False: no chance at all; batches go from the longest sentences to the shortest (memory runs
            out at once or never) whatever `seed` and `epoch` say.
        alike: never pad a short sentence to a long one: the longest of a batch is at most half as long again as
            the shortest, or 8 tokens longer. Only without `shuffle`.

    Raises:
        ConfigurationError: neither limit is given, or one is below 1.
    """
    if batch_size is None and max_tokens is None:
        raise ConfigurationError("data_loader: give batch_size or max_tokens")
    if (batch_size is not None and batch_size < 1) or (max_tokens is not None and max_tokens < 1):
        raise ConfigurationError("data_loader: batch_size and max_tokens must be at least 1")
    order = list(range(len(lengths)))
    if shuffle:
        rng = random.Random(f"{seed}:{epoch}")
        rng.shuffle(order)  # sentences of one length keep a random order below: sort is stable
        blurred = [length * rng.uniform(1 - _NOISE, 1 + _NOISE) for length in lengths]
        order.sort(key=blurred.__getitem__)
    else:
        order.sort(key=lengths.__getitem__, reverse=True)

    result: list[list[int]] = []
    longest = 0  # in the last batch
    for index in order:
        longest = max(longest, lengths[index])
        size = len(result[-1]) + 1 if result else 0
        full = batch_size is not None and size > batch_size
        full = full or (alike and longest > max(1.5 * lengths[index], lengths[index] + _ALIKE))
        if not result or full or (max_tokens is not None and size * longest > max_tokens):
            result.append([])
            longest = lengths[index]
        result[-1].append(index)
    if shuffle:
        rng.shuffle(result)
    return result


def split_by(keys: Sequence[Hashable], made: Iterable[list[int]]) -> list[list[int]]:
    """Batches in each of which all sentences have the same key, such as the tasks whose labels are set.

    Args:
        keys: of each sentence.
        made: batches, whose order is kept; one becomes as many as there are keys in it.
    """
    result: list[list[int]] = []
    for batch in made:
        groups: dict[Hashable, list[int]] = {}
        for index in batch:
            groups.setdefault(keys[index], []).append(index)
        result += groups.values()
    return result
