"""Strings to indices, by namespace, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from os import PathLike
from pathlib import Path
from typing import Annotated

from causal_mtl.common import ConfigurationError, Construct, InputFile, Problem, ReadPath, Registrable
from causal_mtl.data.counting import Choice, Countable, Counter, count
from causal_mtl.data.vocabulary_files import find_namespaces, read_namespace, write_namespaces

PADDING_TOKEN = "@@PADDING@@"
OOV_TOKEN = "@@UNKNOWN@@"
SPECIAL_TOKENS = ("padding_token", "oov_token")
"""The settings that are not in a vocabulary's files, though these cannot be read without them."""
NON_PADDED_NAMESPACES = ("*tags", "*labels")


class UnknownTokenError(KeyError):
    """A string that a namespace without an unknown token does not hold."""

    def __init__(self, token: str, namespace: str) -> None:
        super().__init__(token, namespace)
        self.token, self.namespace = token, namespace

    def __str__(self) -> str:
        return f"{self.token!r} is not in vocabulary namespace {self.namespace!r}, which has no unknown token"


class Vocabulary(Registrable):
    """Strings to indices, by namespace, and back; files as AllenNLP's.

    In a padded namespace index 0 is the padding token and index 1 stands for all unknown strings; namespaces
    that match a pattern of `non_padded_namespaces` (labels) have neither. The more frequent string has the
    lower index; equal counts go in alphabetic order, so the same data always gives the same vocabulary.

    Registered as a `Vocabulary` with names "from_instances" (default), "from_files", "extend" and "empty".

    Args:
        non_padded_namespaces: names, or patterns with ``*``, of namespaces without padding and unknown token.
        padding_token: the string at index 0.
        oov_token: the string at index 1.
    """

    default_implementation = "from_instances"

    def __init__(
        self,
        non_padded_namespaces: Iterable[str] = NON_PADDED_NAMESPACES,
        padding_token: str = PADDING_TOKEN,
        oov_token: str = OOV_TOKEN,
    ) -> None:
        self.padding_token = padding_token
        self.oov_token = oov_token
        self._non_padded = set(non_padded_namespaces)
        self._token_to_index: dict[str, dict[str, int]] = {}
        self._index_to_token: dict[str, dict[int, str]] = {}

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """Special tokens that are one, and choices among pretrained words without a file of them."""
        padding = config.get("padding_token", PADDING_TOKEN)
        if config.get("oov_token", OOV_TOKEN) == padding:
            key = "oov_token" if config.says("oov_token") else "padding_token"
            yield config.problem(key, f"padding and unknown token must differ, but both are {padding!r}")
        files = config.get("pretrained_files") or {}
        if config.get("only_include_pretrained_words") and not files:
            yield config.problem(
                "only_include_pretrained_words", "has no effect without such words", "pretrained_files"
            )
        for namespace in config.get("min_pretrained_embeddings") or {}:
            if namespace not in files:
                message = f"there is no file for {namespace!r}"
                yield config.problem("min_pretrained_embeddings", message, "pretrained_files")

    @classmethod
    def from_instances(
        cls,
        instances: Iterable[Countable],
        min_count: dict[str, int] | None = None,
        max_vocab_size: int | dict[str, int] | None = None,
        non_padded_namespaces: Iterable[str] = NON_PADDED_NAMESPACES,
        pretrained_files: dict[str, InputFile] | None = None,
        only_include_pretrained_words: bool = False,
        tokens_to_add: dict[str, list[str]] | None = None,
        min_pretrained_embeddings: dict[str, int] | None = None,
        padding_token: str = PADDING_TOKEN,
        oov_token: str = OOV_TOKEN,
    ) -> Vocabulary:
        """Count `instances` and take in what is frequent enough.

        Args:
            instances: anything that can be counted.
            min_count: by namespace, strings seen less often are left out. Default 1.
            max_vocab_size: at most so many counted strings, in every namespace or by namespace. Default: all.
            non_padded_namespaces: as in the class.
            pretrained_files: by namespace, a file of word vectors (one word per line, then its numbers). Its
                words are kept when counted, whatever `min_count` says.
            only_include_pretrained_words: keep *only* counted words that the file has and `min_count` allows.
            tokens_to_add: by namespace, strings to have in any case.
            min_pretrained_embeddings: by namespace, add so many of the file's first words although they were
                not counted; -1 adds all.
            padding_token: as in the class.
            oov_token: as in the class.

        Raises:
            ConfigurationError: a namespace is named that nothing was counted in.
        """
        vocab = cls(non_padded_namespaces, padding_token, oov_token)
        choice = Choice(
            min_count,
            max_vocab_size,
            pretrained_files,
            only_include_pretrained_words,
            tokens_to_add,
            min_pretrained_embeddings,
        )
        vocab._add(count(instances), choice)
        return vocab

    @classmethod
    def from_files(
        cls,
        directory: Annotated[str | PathLike[str], ReadPath()],
        padding_token: str = PADDING_TOKEN,
        oov_token: str = OOV_TOKEN,
    ) -> Vocabulary:
        """Load what `save_to_files` (or AllenNLP) wrote.

        Raises:
            ConfigurationError: the directory holds no vocabulary, or a file of it is damaged.
        """
        non_padded, files = find_namespaces(Path(directory))
        vocab = cls(non_padded, padding_token, oov_token)
        for namespace, path in files.items():
            vocab._load_namespace(namespace, path)
        return vocab

    @classmethod
    def from_files_and_instances(
        cls,
        instances: Iterable[Countable],
        directory: Annotated[str | PathLike[str], ReadPath()],
        min_count: dict[str, int] | None = None,
        max_vocab_size: int | dict[str, int] | None = None,
        non_padded_namespaces: Iterable[str] = NON_PADDED_NAMESPACES,
        pretrained_files: dict[str, InputFile] | None = None,
        only_include_pretrained_words: bool = False,
        tokens_to_add: dict[str, list[str]] | None = None,
        min_pretrained_embeddings: dict[str, int] | None = None,
        padding_token: str = PADDING_TOKEN,
        oov_token: str = OOV_TOKEN,
    ) -> Vocabulary:
        """Load a vocabulary and add what `instances` have besides; known strings keep their indices.

        Raises:
            ConfigurationError: a namespace that the files hold would become padded or cease to be so.
        """
        vocab = cls.from_files(directory, padding_token, oov_token)
        vocab._add_non_padded(non_padded_namespaces)
        choice = Choice(
            min_count,
            max_vocab_size,
            pretrained_files,
            only_include_pretrained_words,
            tokens_to_add,
            min_pretrained_embeddings,
        )
        vocab._add(count(instances), choice)
        return vocab

    @classmethod
    def empty(cls) -> Vocabulary:
        """A vocabulary without any strings, to be filled by hand."""
        return cls()

    def is_padded(self, namespace: str) -> bool:
        """Whether `namespace` has a padding and an unknown token."""
        return not any(fnmatch(namespace, pattern) for pattern in self._non_padded)

    def has_token(self, token: str, namespace: str = "tokens") -> bool:
        """Whether `token` itself (not the unknown token in its place) is in `namespace`."""
        return token in self.get_token_to_index_vocabulary(namespace)

    def get_token_index(self, token: str, namespace: str = "tokens") -> int:
        """The index of `token`, or of the unknown token.

        Raises:
            UnknownTokenError: (a KeyError) `token` is unknown and `namespace` has no unknown token.
        """
        tokens = self.get_token_to_index_vocabulary(namespace)
        index = tokens.get(token)
        if index is None and self.is_padded(namespace):
            index = tokens.get(self.oov_token)
        if index is None:
            raise UnknownTokenError(token, namespace)
        return index

    def get_token_from_index(self, index: int, namespace: str = "tokens") -> str:
        """The string at `index`; KeyError if there is none."""
        return self.get_index_to_token_vocabulary(namespace)[index]

    def get_vocab_size(self, namespace: str = "tokens") -> int:
        """How many indices `namespace` has, padding and unknown token included."""
        return len(self.get_token_to_index_vocabulary(namespace))

    def get_namespaces(self) -> set[str]:
        """The namespaces that hold anything."""
        return set(self._token_to_index)

    def get_token_to_index_vocabulary(self, namespace: str = "tokens") -> dict[str, int]:
        """All strings of `namespace` with their indices: not a copy, do not change it."""
        tokens = self._token_to_index.get(namespace)
        return self._start(namespace)[0] if tokens is None else tokens

    def get_index_to_token_vocabulary(self, namespace: str = "tokens") -> dict[int, str]:
        """All indices of `namespace` with their strings: not a copy, do not change it."""
        tokens = self._index_to_token.get(namespace)
        return self._start(namespace)[1] if tokens is None else tokens

    def add_token_to_namespace(self, token: str, namespace: str = "tokens") -> int:
        """The index of `token`, which is added if it is new."""
        if namespace not in self._token_to_index:
            self._token_to_index[namespace], self._index_to_token[namespace] = self._start(namespace)
        tokens = self._token_to_index[namespace]
        if token not in tokens:
            self._index_to_token[namespace][len(tokens)] = token
            tokens[token] = len(tokens)
        return tokens[token]

    def add_tokens_to_namespace(self, tokens: Iterable[str], namespace: str = "tokens") -> list[int]:
        """The indices of `tokens`, added where they are new."""
        return [self.add_token_to_namespace(token, namespace) for token in tokens]

    def extend_from_instances(self, instances: Iterable[Countable]) -> None:
        """Add what `instances` have besides; known strings keep their indices."""
        self._add(count(instances), Choice())

    def save_to_files(self, directory: str | PathLike[str]) -> None:
        """Write ``<namespace>.txt`` (one string per line, no padding token) and the list of the unpadded.

        Raises:
            ConfigurationError: `directory` holds other ``.txt`` files, which `from_files` would take for
                namespaces; or a namespace cannot be a file name.
        """
        namespaces = {
            name: list(tokens)[1:] if self.is_padded(name) else list(tokens)
            for name, tokens in self._token_to_index.items()
        }
        write_namespaces(Path(directory), sorted(self._non_padded), namespaces)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self._token_to_index == other._token_to_index and self._non_padded == other._non_padded

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {len(tokens)}" for name, tokens in sorted(self._token_to_index.items()))
        return f"Vocabulary({sizes})"

    def _special(self, namespace: str) -> tuple[str, ...]:
        return (self.padding_token, self.oov_token) if self.is_padded(namespace) else ()

    def _start(self, namespace: str) -> tuple[dict[str, int], dict[int, str]]:
        """What `namespace` holds before any string is added."""
        return _both_ways(self._special(namespace))

    def _add(self, counter: Counter, choice: Choice) -> None:
        for namespace, tokens in choice.tokens(counter).items():
            self.add_tokens_to_namespace(tokens, namespace)

    def _add_non_padded(self, patterns: Iterable[str]) -> None:
        before = {name: self.is_padded(name) for name in self._token_to_index}
        self._non_padded |= set(patterns)
        if changed := [name for name, padded in before.items() if padded != self.is_padded(name)]:
            raise ConfigurationError(
                f"namespaces {', '.join(changed)} are padded in the files and not in non_padded_namespaces"
            )

    def _load_namespace(self, namespace: str, path: Path) -> None:
        tokens = read_namespace(path, self._special(namespace))
        self._token_to_index[namespace], self._index_to_token[namespace] = _both_ways(tokens)


def _both_ways(tokens: Sequence[str]) -> tuple[dict[str, int], dict[int, str]]:
    return {token: index for index, token in enumerate(tokens)}, dict(enumerate(tokens))


Vocabulary.register("from_instances", constructor="from_instances")(Vocabulary)
Vocabulary.register("from_files", constructor="from_files")(Vocabulary)
Vocabulary.register("extend", constructor="from_files_and_instances")(Vocabulary)
Vocabulary.register("empty", constructor="empty")(Vocabulary)
