"""Starting from the weights of a trained model instead of from chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any

import torch
from torch import Tensor, nn

from causal_mtl.archive import Archive, load_archive
from causal_mtl.common import ConfigurationError, ConfigurationErrors, Problem, resolve
from causal_mtl.common.files import path_problem
from causal_mtl.common.overrides import with_overrides
from causal_mtl.data import Vocabulary
from causal_mtl.data.vocabulary import SPECIAL_TOKENS
from causal_mtl.models import Model
from causal_mtl.nn.token_embedders import Embedding, TokenEmbedder

FROM_ARCHIVE = "from_archive"


@dataclass
class FromArchive:
    """`model: {type: "from_archive", …}`: the model of an archive, with its weights.

    Args:
        archive_file: a ``model.tar.gz``, the directory of a training, or a URL.
        overrides: changes to the archived model's config, by dotted path, such as ``{"tasks.0.weight": 2}``.
    """

    archive_file: str
    overrides: dict[str, Any] = field(default_factory=dict)


def expand(config: dict[str, Any]) -> tuple[dict[str, Any], Archive | None]:
    """Write down what the archive decides that a training starts from, so that nothing needs it later.

    A model "from_archive" is replaced by the config of the archived one, and its weights are asked for. The
    vocabulary will be the archive's, extended: without its special tokens its files could not be read.

    Returns:
        The config in full, and the archive; None if there is none, or not what a path should be (see `check`).

    Raises:
        ConfigurationError: the archive cannot be read, an override matches nothing in its model, or `config` has
            other special tokens.
    """
    model, path = config.get("model"), config.get("initial_weights")
    if isinstance(model, dict) and model.get("type") == FROM_ARCHIVE:
        settings = {key: value for key, value in model.items() if key != "type"}
        wanted = resolve(FromArchive, settings, path="model").build()
        if path is not None and path != wanted.archive_file:
            message = "the model is from_archive, which gives its weights too: leave this out"
            raise ConfigurationErrors([Problem("initial_weights", message)])
        archive = load_archive(wanted.archive_file)
        model = with_overrides(archive.config.as_dict(quiet=True)["model"], wanted.overrides)
        config = {**config, "model": model, "initial_weights": wanted.archive_file}
    elif isinstance(path, str) and path_problem(path) is None:
        archive = load_archive(path)
    else:
        return config, None
    return _with_special_tokens(config, archive.vocab), archive


def _with_special_tokens(config: dict[str, Any], vocab: Vocabulary) -> dict[str, Any]:
    """Give `config` the special tokens of `vocab` that are not the default.

    Raises:
        ConfigurationError: it has others.
    """
    given = config.get("vocabulary") or {}
    if not isinstance(given, dict):
        return config  # refused by `check`
    tokens = {key: getattr(vocab, key) for key in SPECIAL_TOKENS}
    problems = [
        Problem(f"vocabulary.{key}", f"is {given[key]!r}, but {token!r} in the archive, which is extended")
        for key, token in tokens.items()
        if given.get(key, token) != token
    ]
    if problems:
        raise ConfigurationErrors(problems)
    default = Vocabulary()
    missing = {key: token for key, token in tokens.items() if token != getattr(default, key)}
    return {**config, "vocabulary": {**missing, **given}} if missing else config


@dataclass
class WarmStartReport:
    """What became of a new model's weights, by name.

    Attributes:
        copied: from the archived model.
        extended: those with rows for words or labels, copied as far as these are the archived model's; the rows of
            new ones start anew.
        anew: the archived model has none of this name, or of another shape, or its rows stand for something else.
        unused: weights of the archived model that the new one has no place for.
    """

    copied: list[str] = field(default_factory=list)
    extended: list[str] = field(default_factory=list)
    anew: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [f"{len(self.copied)} weights copied"]
        for what, names in (
            ("extended for new words or labels", self.extended),
            ("started anew", self.anew),
            ("of the archive not used", self.unused),
        ):
            if names:
                parts.append(f"{len(names)} {what}: {', '.join(names)}")
        return "; ".join(parts)


def start_from(archive: Archive, model: Model) -> WarmStartReport:
    """Copy the weights of an archived model to a new one whose vocabulary extends the archived one.

    Weights of the same name and shape are copied. Of those whose rows are words or labels each row goes to the
    same word or label, if the new model has all of them. Whatever else differs starts anew: that a weight has
    more rows does not tell that the first of them are the old ones.

    Raises:
        ConfigurationError: the two models have no weight in common.
    """
    old, new, report = _tables_joined(archive.model), model.state_dict(), WarmStartReport()
    for name in _fixed_vectors(model):  # of words that neither data set has
        del new[name]
    names_before, names_now = _row_names(archive.model), _row_names(model)
    with torch.no_grad():
        for name, tensor in new.items():
            source, place = old.get(name), None
            if source is not None:
                place = _place(source, tensor, names_before.get(name), names_now.get(name))
            if source is None or place is None:
                report.anew.append(name)
            else:
                tensor[place] = source.to(tensor)
                (report.copied if source.shape == tensor.shape else report.extended).append(name)
    model.start_from_combinations(archive.model)
    report.unused = sorted(set(old) - set(new))
    if not report.copied and not report.extended:
        raise ConfigurationError(
            "initial_weights: this model has no weight in common with the archived one; its weights are called "
            f"{', '.join(sorted(new)[:5])}, …, those of the archive {', '.join(sorted(old)[:5])}, …"
        )
    return report


def _place(
    source: Tensor, tensor: Tensor, before: Sequence[str] | None, now: Sequence[str] | None
) -> list[int] | EllipsisType | None:
    """Where in `tensor` the rows of `source` belong; None if it has no place for them.

    Args:
        source: the archived weight.
        tensor: the new one.
        before: what the rows of `source` stand for (None: nothing that has a name), and perhaps more names.
        now: the same of `tensor`.
    """
    if before is None or now is None:
        return ... if source.shape == tensor.shape else None
    row = {name: number for number, name in enumerate(now[: len(tensor)])}
    rows = [row[name] for name in before[: len(source)] if name in row]
    return rows if len(rows) == len(source) and source.shape[1:] == tensor.shape[1:] else None


def _row_names(model: Model) -> dict[str, Sequence[str]]:
    """The words or labels that the rows of a weight stand for, in their order, by the weight's name.

    There may be more words than rows: those whose vectors are fixed, and those by which the vocabulary of an
    archived model was extended since. They come last.
    """
    names = model.label_rows()
    for path, part in model.named_modules(remove_duplicate=False):
        if isinstance(part, TokenEmbedder):
            for name, namespace in part.word_rows().items():
                names[f"{path}.{name}"] = list(model.vocab.get_token_to_index_vocabulary(namespace))
    return names


def _tables_joined(model: nn.Module) -> dict[str, Tensor]:
    """The weights of a trained model; words that it never saw in training count as words of its embedding."""
    state = model.state_dict()
    for name, part in _fixed_vectors(model).items():
        del state[name]
        state[name.removesuffix("unseen") + "weight"] = part.rows()
    return state


def _fixed_vectors(model: nn.Module) -> dict[str, Embedding]:
    """The names of the vectors that embeddings keep of words that training never saw."""
    return {f"{name}.unseen": part for name, part in model.named_modules() if isinstance(part, Embedding)}
