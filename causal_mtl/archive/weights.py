"""The weights of an archive: do they fit the model that config and vocabulary describe, are they numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from causal_mtl.archive.parts import FILES, VOCABULARY, WEIGHTS
from causal_mtl.common import ConfigurationError
from causal_mtl.models import Model
from causal_mtl.nn.stored_weights import WithoutRandomness, check_finite, declared, listed, shape_text
from causal_mtl.nn.token_embedders import Embedding

_SPARE = 1000
"""So many parameters more than its weights has no honest model on its way to being built."""


def build_with_weights(build: Callable[[], Model], file: Path) -> Model:
    """A new model with the weights of `file`.

    It is built without memory first, so that sizes which the weights do not bear out cost nothing.

    Args:
        build: makes the model.
        file: ``weights.safetensors``.

    Raises:
        ConfigurationError: the file is damaged, its weights do not fit the model, or are not finite; names them.
    """
    declaration = declared(file)
    kept = sum(len(declared(part)) for part in (file.parent / FILES).rglob("*.safetensors"))
    # The model is made twice, a frozen transformer three times: once more to compare it with its own weights.
    with _at_most_parameters(2 * len(declaration) + 3 * kept + _SPARE):
        try:
            with torch.device("meta"), WithoutRandomness():
                _fill(build(), declaration)
        except Exception as error:
            if not _needs_values(error):
                raise
        model = build()
    weights = load_file(file)
    check_finite(weights, WEIGHTS)
    _fill(model, weights)
    return model


@contextmanager
def _at_most_parameters(limit: int) -> Iterator[None]:
    """Stop the construction of modules that have far more parameters than there are weights."""
    count = 0

    def check(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        nonlocal count
        count += 1
        if count > limit:
            raise ConfigurationError(f"{WEIGHTS}: far fewer weights than the config asks for")

    hook = register_module_parameter_registration_hook(check)
    try:
        yield
    finally:
        hook.remove()


def _needs_values(error: BaseException) -> bool:
    """Whether a constructor failed only because it computes with tensors that have no memory."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error) in (NotImplementedError, RuntimeError, TypeError) and "meta" in str(error)


def _fill(model: Model, weights: Mapping[str, Tensor]) -> None:
    """Copy all `weights` into the model, which must have exactly these.

    Raises:
        ConfigurationError: it has not; names the weights, and the vocabulary file if there is one for their rows.
    """
    state = model.state_dict(keep_vars=True)
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    try:
        missing, unexpected = model.load_state_dict(dict(weights), strict=False)
    except RuntimeError as error:
        details = [_mismatch(line, model, shapes, weights) for line in str(error).splitlines()[1:]]
        raise _misfit(details or [str(error)]) from None
    # A parameter with two names is saved under one of them.
    there = {id(state[name]) for name in weights if name in state}
    problems = [f"{name} is missing" for name in missing if id(state[name]) not in there]
    problems += [f"{name} has no place in the model" for name in unexpected]
    problems += _without_words(model)
    problems += [
        f"{name} is of type {str(weights[name].dtype).removeprefix('torch.')}"
        for name in weights
        if name in state and weights[name].is_floating_point() != state[name].is_floating_point()
    ]
    if problems:
        raise _misfit(problems)


def _without_words(model: Model) -> Iterator[str]:
    """Tables of word vectors take any number of rows; of those that share a namespace the longest has them all."""
    rows: Counter[str] = Counter()
    for part in model.modules():
        if isinstance(part, Embedding):
            rows[part.namespace] = max(rows[part.namespace], len(part.weight) + len(part.unseen))
    for namespace, number in rows.items():
        words = model.vocab.get_vocab_size(namespace)
        if number != words:
            yield f"{VOCABULARY}/{namespace}.txt makes {words:,} words, but there are vectors of {number:,}"


def _mismatch(line: str, model: Model, shapes: dict[str, tuple], weights: Mapping[str, Tensor]) -> str:
    """What torch says of a weight of another shape, shorter, and with the file that may be to blame."""
    found = re.match(r"\s*size mismatch for (\S+):", line)
    if found is None or found[1] not in weights or found[1] not in shapes:
        return line.strip()
    name = found[1]
    has, wanted = tuple(weights[name].shape), shapes[name]
    namespace = _namespace(model, name)
    rows = len(has) == len(wanted) and has[1:] == wanted[1:] and namespace is not None
    blame = f" (or {VOCABULARY}/{namespace}.txt has too many or too few lines)" if rows else ""
    return f"{name} is {shape_text(has)}, the config asks for {shape_text(wanted)}{blame}"


def _namespace(model: Model, name: str) -> str | None:
    """The vocabulary namespace whose strings the rows of a weight stand for, as far as one can tell."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        namespace = getattr(model.get_submodule(".".join(parts[:end])), "namespace", None)
        if isinstance(namespace, str):
            return namespace
    return next((model.tasks[part].namespace for part in parts if part in model.tasks), None)


def _misfit(details: list[str]) -> ConfigurationError:
    return ConfigurationError(
        f"{WEIGHTS}: the weights do not fit the model of this config: {listed(details)}"
    )
