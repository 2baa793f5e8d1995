"""Whether token indexers, token embedders and the vocabulary of a config fit each other."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from causal_mtl.archive import MODEL_EXTRAS
from causal_mtl.common import ConfigurationError, Plan, Problem, resolve
from causal_mtl.common.plan import Construct
from causal_mtl.common.text import join
from causal_mtl.data import Instance, Token, Vocabulary
from causal_mtl.data.loader import CountableInstance
from causal_mtl.data.token_indexers import TokenIndexer
from causal_mtl.data.vocabulary import NON_PADDED_NAMESPACES
from causal_mtl.nn.token_embedders import TokenEmbedder
from causal_mtl.tasks import Task


def indexer_problems(
    indexers: Mapping[str, TokenIndexer], embedders: Mapping[str, Any], reader: str
) -> Iterator[Problem]:
    """Every token embedder needs a token indexer of its name, which yields what it reads; and the reverse.

    Args:
        indexers: of a dataset reader.
        embedders: that part of the config.
        reader: the key of the reader.
    """
    there = f"{reader}.token_indexers"
    for name, settings in embedders.items():
        here = join("model.embedder", name)
        if name in indexers:
            yield from _pair_problems(indexers[name], settings, here, join(there, name))
        else:
            yield Problem(here, f"there is no {join(there, name)} (there: {', '.join(indexers)})")
    for name in indexers:
        if name not in embedders:
            wanted = join("model.embedder", name)
            yield Problem(join(there, name), f"there is no {wanted} (there: {', '.join(embedders)})")


def _pair_problems(indexer: TokenIndexer, settings: Any, here: str, there: str) -> Iterator[Problem]:
    """Whether an embedder reads what the indexer of its name yields."""
    try:
        plan = resolve(TokenEmbedder, settings, path=here, extras=MODEL_EXTRAS)
    except ConfigurationError:
        return  # reported elsewhere
    for key in ("namespace", "model_name"):
        read, indexed = plan.get(key), getattr(indexer, key, None)
        if read is not None and indexed is not None and read != indexed:
            yield Problem(join(here, key), f"is {read!r}, but {join(there, key)} is {indexed!r}")
    forward: Any = getattr(getattr(plan, "cls", None), "forward", None)
    tensors = _tensors(indexer)
    if tensors is not None and isinstance(plan, Construct) and forward is not None:
        try:
            inspect.signature(forward).bind(None, mask=None, **dict.fromkeys(tensors))
        except TypeError as error:
            kinds = f"{plan.cls.__name__} cannot read what {type(indexer).__name__} yields"
            yield Problem(here, f"{kinds}, {', '.join(tensors)} ({error}); see {there}")


def _tensors(indexer: TokenIndexer) -> list[str] | None:
    """The names of the tensors that an indexer yields, seen from one word; None if that cannot be seen."""
    word = Token("a", 0, 1)
    try:
        counted = CountableInstance(Instance("a", [word]), {"": indexer}, [])
        vocab = Vocabulary.from_instances([counted])
        return list(indexer.collate([indexer.tokens_to_indices([word], vocab)]))
    except Exception:  # an indexer of somebody's own may need more than a word
        return None


def namespace_problems(
    vocabulary: Plan | None, indexers: Mapping[str, TokenIndexer], tasks: list[Task]
) -> Iterator[Problem]:
    """Namespaces of words need an unknown token, those of labels must not have one.

    Args:
        vocabulary: that part of the config, resolved; None: there is none.
        indexers: of the dataset reader.
        tasks: of the model.
    """
    if vocabulary is not None and vocabulary.get("directory") is not None:
        return  # its files say which namespaces are padded
    key = "vocabulary.non_padded_namespaces"
    patterns = list(NON_PADDED_NAMESPACES)
    if vocabulary is not None:
        patterns = list(vocabulary.get("non_padded_namespaces", patterns))
    for name, indexer in indexers.items():
        namespace = getattr(indexer, "namespace", None)
        if namespace is not None and any(fnmatch(namespace, pattern) for pattern in patterns):
            path = join(join("dataset_reader.token_indexers", name), "namespace")
            yield Problem(
                path, f"{namespace!r} would be a namespace of labels, without unknown words, by {key}"
            )
    for task in tasks:
        if not any(fnmatch(task.namespace, pattern) for pattern in patterns):
            yield Problem(
                key, f"lacks a pattern for {task.namespace!r}, the labels of the task {task.name!r}"
            )
