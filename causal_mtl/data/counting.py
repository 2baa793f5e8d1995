"""Which of the strings that were counted a vocabulary takes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Protocol

from causal_mtl.common import ConfigurationError
from causal_mtl.data.pretrained import read_pretrained_words

Counter = dict[str, dict[str, int]]  # how often, by namespace and string


class Countable(Protocol):
    """What a vocabulary can be counted from."""

    def count_vocab_items(self, counter: Counter) -> None:
        """Add this item's strings to ``counter[namespace][string]``."""


def count(instances: Iterable[Countable]) -> Counter:
    """All strings of `instances`."""
    counter: Counter = defaultdict(lambda: defaultdict(int))
    for instance in instances:
        instance.count_vocab_items(counter)
    return {namespace: dict(counts) for namespace, counts in counter.items()}


class Choice:
    """Which strings are taken in: the arguments of `Vocabulary.from_instances`, which explains them."""

    def __init__(
        self,
        min_count: Mapping[str, int] | None = None,
        max_vocab_size: int | Mapping[str, int] | None = None,
        pretrained_files: Mapping[str, str] | None = None,
        only_include_pretrained_words: bool = False,
        tokens_to_add: Mapping[str, list[str]] | None = None,
        min_pretrained_embeddings: Mapping[str, int] | None = None,
    ) -> None:
        self.min_count = min_count or {}
        self.sizes = max_vocab_size if isinstance(max_vocab_size, Mapping) else {}
        self.size = max_vocab_size if isinstance(max_vocab_size, int) else None
        self.pretrained_files = pretrained_files or {}
        self.only_pretrained = only_include_pretrained_words
        self.tokens_to_add = tokens_to_add or {}
        self.min_pretrained = min_pretrained_embeddings or {}

    def tokens(self, counter: Counter) -> dict[str, list[str]]:
        """What is taken in, by namespace: frequent strings first, then pretrained and named ones.

        Raises:
            ConfigurationError: a namespace is named that nothing was counted in.
        """
        self._check_namespaces(counter)
        chosen = {namespace: self._of_namespace(namespace, counts) for namespace, counts in counter.items()}
        for namespace, tokens in self.tokens_to_add.items():
            chosen[namespace] = chosen.get(namespace, []) + tokens
        return chosen

    def _of_namespace(self, namespace: str, counts: Mapping[str, int]) -> list[str]:
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        ranked = ranked[: self.sizes.get(namespace, self.size)]
        taken = {token for token in ranked if counts[token] >= self.min_count.get(namespace, 1)}
        extra: list[str] = []
        if namespace in self.pretrained_files:
            pretrained = read_pretrained_words(self.pretrained_files[namespace])
            known = set(pretrained)
            taken = taken & known if self.only_pretrained else taken | known
            wanted = self.min_pretrained.get(namespace, 0)
            extra = pretrained if wanted == -1 else pretrained[:wanted]
        return [token for token in ranked if token in taken] + extra

    def _check_namespaces(self, counter: Counter) -> None:
        options = {
            "min_count": self.min_count,
            "max_vocab_size": self.sizes,
            "pretrained_files": self.pretrained_files,
        }
        for option, named in options.items():
            _check(option, named, counter)
        _check("min_pretrained_embeddings", self.min_pretrained, self.pretrained_files)


def _check(option: str, named: Iterable[str], known: Iterable[str]) -> None:
    for namespace in named:
        if namespace not in known:
            there = ", ".join(sorted(known)) or "none"
            raise ConfigurationError(f"vocabulary.{option}: no namespace {namespace!r}; there are: {there}")
