"""Starting from the weights of a trained model instead of from chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from causal_mtl.archive import Archive, load_archive
from causal_mtl.common import ConfigurationError, Params, resolve
from causal_mtl.common.overrides import with_overrides
from causal_mtl.models import Model
from causal_mtl.nn.token_embedders import Embedding

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


def expand(config: dict[str, Any]) -> dict[str, Any]:
    """Replace a model "from_archive" by the config of the archived one, and ask for its weights.

    So what is trained is written down in full, and loading it later needs no other archive.

    Raises:
        ConfigurationError: the archive cannot be read, or an override matches nothing in its model.
    """
    model = config.get("model")
    if not isinstance(model, dict) or model.get("type") != FROM_ARCHIVE:
        return config
    wanted = resolve(
        FromArchive, {key: value for key, value in model.items() if key != "type"}, path="model"
    ).build()
    archived = load_archive(wanted.archive_file).config.as_dict(quiet=True)["model"]
    return {
        **config,
        "model": with_overrides(archived, wanted.overrides),
        "initial_weights": wanted.archive_file,
    }


@dataclass
class WarmStartReport:
    """What became of a new model's weights, by name.

    Attributes:
        copied: from the archived model.
        extended: copied as far as the archived ones go; new words or labels start anew.
        anew: the archived model has none of this name, or of another shape.
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

    Weights of the same name and shape are copied. Where only the first dimension has grown (words of an
    embedding, labels of a head), the old rows are copied: an extended vocabulary keeps the indices of what it
    had. Whatever else differs starts anew.

    Raises:
        ConfigurationError: the two models have no weight in common.
    """
    old, new, report = _tables_joined(archive.model), model.state_dict(), WarmStartReport()
    for name in _fixed_vectors(model):  # of words that neither data set has
        del new[name]
    with torch.no_grad():
        for name, tensor in new.items():
            source = old.get(name)
            if source is not None and source.shape == tensor.shape:
                tensor.copy_(source)
                report.copied.append(name)
            elif source is not None and _extends(tensor, source):
                tensor[: len(source)] = source
                report.extended.append(name)
            else:
                report.anew.append(name)
    model.start_from_combinations(archive.model)
    report.unused = sorted(set(old) - set(new))
    if not report.copied and not report.extended:
        raise ConfigurationError(
            "initial_weights: this model has no weight in common with the archived one; its weights are called "
            f"{', '.join(sorted(new)[:5])}, …, those of the archive {', '.join(sorted(old)[:5])}, …"
        )
    return report


def _extends(tensor: Tensor, source: Tensor) -> bool:
    """Whether `tensor` has further rows than `source`, and is like it else."""
    same = tensor.dim() == source.dim() > 0 and tensor.shape[1:] == source.shape[1:]
    return same and len(tensor) > len(source)


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


def load_initial(path: str, config: Params) -> Archive:
    """The archive that a training starts from.

    Raises:
        ConfigurationError: `config` makes a vocabulary of its own, under which old weights would mean nothing.
    """
    if config.get("vocabulary") is not None:
        raise ConfigurationError(
            "vocabulary: a model with initial_weights extends the vocabulary of its archive; leave this key out"
        )
    return load_archive(path)
