"""NaN, infinite numbers and overflow end a training, with what is needed to find their cause."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from causal_mtl.common.atomic import write_json

FILE = "non_finite.json"
_SHOWN = 3


class NonFiniteError(RuntimeError):
    """A number became NaN or infinite; the message names it, the epoch, the step and `FILE`."""


class NonFiniteLossError(NonFiniteError):
    """A loss became NaN or infinite; the message names the task besides."""


CAUSES = (
    "Usual causes: a learning rate that is too high (try a lower one, or grad_norm: 1.0), a weight of a loss that "
    'is too large, or mixed_precision "fp16" on a model that overflows (try "bf16").'
)


@contextmanager
def reported(
    directory: Path, where: str, sentences: Iterable[tuple[int, Any]], rank: int = 0
) -> Iterator[None]:
    """Let overflow within be a `NonFiniteError`, and write the sentences that it happened with to a file.

    Args:
        directory: of the training.
        where: such as "at step 3 of epoch 1".
        sentences: the index of each in its data, from 0, and its instance.
        rank: of this process; each has a file of its own.

    Raises:
        NonFiniteError: raised within, or in place of an overflow error; its message names the file.
    """
    try:
        yield
    except (ArithmeticError, RuntimeError) as error:
        if not isinstance(error, NonFiniteError) and not _is_overflow(error):
            raise
        kind = type(error) if isinstance(error, NonFiniteError) else NonFiniteError
        what = str(error) if isinstance(error, NonFiniteError) else f"overflow {where}: {error}. {CAUSES}"
        path = directory / (FILE if not rank else f"non_finite_{rank}.json")
        write_json(path, {"where": where, "what": what, "sentences": [*map(_described, sentences)]})
        raise kind(f"{what} The sentences are listed in {path}.") from error


def non_finite(named: Mapping[str, Tensor]) -> str:
    """The names of the tensors that hold NaN or infinite numbers, the first few of many; "" if there are none."""
    return listed([name for name, value in named.items() if not torch.isfinite(value).all()])


def listed(names: Sequence[str]) -> str:
    """The first few of `names`."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _is_overflow(error: Exception) -> bool:
    """Whether Python or torch refused a number that is too large for its type."""
    if isinstance(error, ArithmeticError):
        return isinstance(error, OverflowError)
    return "without overflow" in str(error)


def _described(sentence: tuple[int, Any]) -> dict[str, Any]:
    index, instance = sentence
    described: dict[str, Any] = {"number": index}
    identifier = getattr(instance, "metadata", {}).get("id")
    if isinstance(identifier, str | int):
        described["id"] = identifier
    described["text"] = getattr(instance, "text", "").encode("utf-8", "replace").decode("utf-8")
    described["tokens"] = [
        token.text.encode("utf-8", "replace").decode("utf-8") for token in getattr(instance, "tokens", ())
    ]
    return described
