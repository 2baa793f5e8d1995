"""The base of all dataset readers."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError, Name, PositiveInt, Registrable
from causal_mtl.common.files import file_name, is_url, local_path
from causal_mtl.data.dataset_readers.part import Part
from causal_mtl.data.instance import Instance, Token, labels_of
from causal_mtl.data.offsets import align_words, join_words
from causal_mtl.data.strings import check_strings, expect_text, expect_tokens, tokens_of
from causal_mtl.data.token_indexers import SingleIdIndexer, TokenIndexer
from causal_mtl.data.tokenizers import SpacyTokenizer, Tokenizer

logger = logging.getLogger(__name__)


class DatasetReader(Registrable):
    """From a file to instances, and from raw text to an instance in the same form.

    A subclass writes `_read`, which yields an instance for every record and raises `ConfigurationError` with
    file and line where a record is not as it should be.

    Args:
        tokenizer: for raw text; files that are tokenized already do not need it. Default: `spacy`, English.
        token_indexers: by name (of the embedder that reads them). Default: ``{"tokens": single_id}``.
        max_instances: read so many records from each file and no more.
        part: read one part of each file, so that training and development data can come from one file.
    """

    def __init__(
        self,
        tokenizer: Tokenizer | None = None,
        token_indexers: dict[Name, TokenIndexer] | None = None,
        max_instances: PositiveInt | None = None,
        part: Part | None = None,
    ) -> None:
        self.tokenizer = tokenizer or SpacyTokenizer()
        self.token_indexers = token_indexers or {"tokens": SingleIdIndexer()}
        self.max_instances = max_instances
        self.part = part

    def read(self, path: str | PathLike[str]) -> Iterator[Instance]:
        """The instances of a file (or URL), one after another. Without tokens: left out, with a warning.

        An instance whose record has no id gets ``<file name>:<number of the record>`` as its metadata "id".

        Raises:
            ConfigurationError: the file is missing, malformed (the message names file and line) or has no
                instances.
        """
        return self._checked(path, local_path(path))

    def _checked(self, path: str | PathLike[str], file: Path) -> Iterator[Instance]:
        count = 0
        name = file_name(path)
        read = _naming(str(path), file, self._read_named(file, name))
        for number, instance in enumerate(islice(read, self.max_instances), start=1):
            _check_strings(instance, f"{path}: record {number}")
            if not instance.tokens:
                logger.warning("%s: record %d has no tokens and is left out", path, number)
                continue
            if "id" not in instance.metadata:
                instance.metadata = {"id": f"{Path(name).stem}:{number}", **instance.metadata}
            if self.part is None or self.part.has(str(instance.metadata["id"])):
                count += 1
                yield instance
        if not count:
            of_part = f" (part {self.part.name!r})" if self.part else ""
            raise ConfigurationError(f"{path}: there are no instances in this file{of_part}")

    def _read_named(self, path: Path, name: str) -> Iterable[Instance]:
        """As `_read`, for readers that put the file's name into ids: the copy of a URL's file has another."""
        return self._read(path)

    @abstractmethod
    def _read(self, path: Path) -> Iterable[Instance]:
        raise NotImplementedError

    def text_to_instance(
        self,
        text: str | None = None,
        tokens: Sequence[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Instance:
        """An instance without labels: from raw text, from tokens, or from tokens and the text they spell.

        Raises:
            ConfigurationError: neither is given, a token is blank or has a line break, or the tokens do not spell
                the text.
        """
        if text is not None:
            expect_text(text, "text")
        if tokens is None:
            if text is None:
                raise ConfigurationError("give 'text' or 'tokens'")
            return self.tokens_to_instance(text, tokens_of(text, self.tokenizer), metadata)
        tokens = expect_tokens(list(tokens), "tokens")
        if text is None:
            return self.tokens_to_instance(*join_words(tokens), metadata)
        return self.tokens_to_instance(text, align_words(text, tokens), metadata)

    def tokens_to_instance(
        self, text: str, tokens: Sequence[Token], metadata: Mapping[str, Any] | None = None
    ) -> Instance:
        """An instance without labels, of a text that has been tokenized already: nothing tokenizes it again.

        Args:
            text: the text.
            tokens: its tokens, in order. Blanks are not among them; offsets point into `text`.
            metadata: what the instance carries besides.
        """
        return Instance(text, list(tokens), metadata=dict(metadata or {}))


def _naming(path: str, file: Path, instances: Iterable[Instance]) -> Iterator[Instance]:
    """The same instances; an error names a URL and not the copy that is read."""
    try:
        yield from instances
    except ConfigurationError as error:
        if not is_url(path):
            raise
        raise ConfigurationError(str(error).replace(str(file), path)) from error


def _check_strings(instance: Instance, where: str) -> None:
    """Check what a reader made, whoever wrote it."""
    labels = {task: labels_of(annotation) for task, annotation in instance.annotations.items()}
    try:
        check_strings([token.text for token in instance.tokens], labels)
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from None
