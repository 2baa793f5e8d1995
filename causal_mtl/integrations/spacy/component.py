"""The component: a trained model in a spaCy pipeline."""

# No `from __future__ import annotations`: spaCy checks a pipeline's config against the factory's annotations.

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Union

import torch
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc
from spacy.util import minibatch

from causal_mtl.archive import ARCHIVE
from causal_mtl.common import ConfigurationError
from causal_mtl.integrations.spacy.annotating import annotate
from causal_mtl.integrations.spacy.pieces import Piece, pieces_of
from causal_mtl.integrations.spacy.relations import add_extension
from causal_mtl.integrations.spacy.settings import Device, Precision, Settings
from causal_mtl.integrations.spacy.source import BytesSource, FileSource, Source
from causal_mtl.nn.precision import choose_device
from causal_mtl.predictors import InputError, Predictor, load


class CausalMtl(Pipe):
    """Predicts with a trained model in a spaCy pipeline, from the pipeline's own tokens.

    The archive is opened at the first document, or by `initialize`, not when the component is made: spaCy makes it
    from the config of a saved pipeline, too, and that one brings its archive along.

    Args:
        name: of the component.
        archive: where its archive is; None: it is still to be read by `from_disk` or `from_bytes`.
        settings: all others.
    """

    def __init__(self, name: str, archive: str | None, settings: Settings) -> None:
        self.name = name
        self.settings = settings
        self._source: Source | None = None if archive is None else FileSource(archive)
        self._predictor: Predictor | None = None
        self._process = os.getpid()

    @property
    def predictor(self) -> Predictor:
        """What predicts; loaded when it is first asked for.

        Raises:
            ConfigurationError: there is no archive, or it or the settings cannot be used.
        """
        if self._predictor is None:
            self._predictor = self._loaded(self._given())
        return self._predictor

    def initialize(self, get_examples: Any = None, *, nlp: Any = None, **_: Any) -> None:
        """Load the archive now (`nlp.initialize`); nothing is trained.

        Raises:
            ConfigurationError: as `predictor`.
        """
        assert self.predictor

    def __call__(self, doc: Doc) -> Doc:
        """Label one document, in place; an error goes to the pipeline's error handler in `nlp`."""
        return next(self._labelled([doc], _raise), doc)

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """Label a stream of documents, in their order.

        Args:
            stream: of documents.
            batch_size: of `nlp.pipe`: how many documents are read ahead. The model computes `settings.batch_size`
                of their texts at a time, those of similar length together.
        """
        for docs in minibatch(stream, size=batch_size):
            yield from self._labelled(docs, self.get_error_handler())

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the archive into the directory `path` of a pipeline."""
        Path(path).mkdir(parents=True, exist_ok=True)
        self._given().write(Path(path) / ARCHIVE)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "CausalMtl":
        """Load the archive that `to_disk` wrote, and no other.

        Raises:
            ConfigurationError: it is not there, or cannot be loaded.
        """
        return self._replaced(FileSource(str(Path(path).absolute() / ARCHIVE)))

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The bytes of the archive."""
        return self._given().read()

    def from_bytes(self, content: bytes, *, exclude: Iterable[str] = ()) -> "CausalMtl":
        """Load the archive that `to_bytes` gave.

        Raises:
            ConfigurationError: it cannot be loaded.
        """
        return self._replaced(BytesSource(content))

    def __reduce__(self) -> tuple[Any, ...]:
        """For processes that are not forked: each loads the model for itself."""
        return _restored, (self.name, self._source, self.settings, getattr(self, "error_handler", None))

    def _labelled(self, docs: Sequence[Doc], on_error: Callable[..., Any]) -> Iterator[Doc]:
        """Those of `docs` that can be predicted; the others go to `on_error`."""
        self._after_fork()
        pieces: list[list[Piece] | Exception] = [self._pieces(doc) for doc in docs]
        flat = [piece for of_doc in pieces if isinstance(of_doc, list) for piece in of_doc]
        try:
            found = iter(self.predictor.annotate_tokens((piece.text, piece.tokens) for piece in flat))
        except Exception as error:  # of the whole batch: no memory, no archive
            on_error(self.name, self, list(docs), error)
            return
        for doc, of_doc in zip(docs, pieces, strict=True):
            try:
                if isinstance(of_doc, Exception):
                    raise of_doc
                self._annotate(doc, of_doc, [next(found) for _ in of_doc])
            except ConfigurationError as error:
                on_error(self.name, self, [doc], ConfigurationError(f"{self.name}: {error}"))
            else:
                yield doc

    def _after_fork(self) -> None:
        """In a process that `nlp.pipe` forked, compute in one thread: torch's others are not there."""
        if self._process != os.getpid():
            torch.set_num_threads(1)
            self._process = os.getpid()

    def _pieces(self, doc: Doc) -> list[Piece] | Exception:
        try:
            return pieces_of(doc, self.settings.by_sentence)
        except ConfigurationError as error:
            return error

    def _annotate(self, doc: Doc, pieces: Sequence[Piece], found: Sequence[Any]) -> None:
        for result in found:
            if isinstance(result, InputError):
                raise result
        tasks = self.predictor.model.tasks
        annotate(doc, list(zip(pieces, found, strict=True)), tasks, self.settings, self.name)

    def _given(self) -> Source:
        if self._source is None:
            raise ConfigurationError(
                f"{self.name}: no archive was given: "
                'nlp.add_pipe("causal_mtl", config={"archive": "model.tar.gz"})'
            )
        return self._source

    def _replaced(self, source: Source) -> "CausalMtl":
        self._predictor = self._loaded(source)
        self._source = source
        return self

    def _loaded(self, source: Source) -> Predictor:
        settings = self.settings
        try:
            with source.opened() as path:
                predictor = load(
                    path,
                    overrides=settings.overrides,
                    device=choose_device(settings.device),
                    batch_size=settings.batch_size,
                    mixed_precision=settings.mixed_precision,
                )
            settings.check(predictor.model.tasks)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.name}: {error}") from error
        return predictor


def _restored(
    name: str, source: Source | None, settings: Settings, error_handler: Callable[..., Any] | None
) -> CausalMtl:
    component = CausalMtl(name, None, settings)
    component._source = source
    if error_handler is not None:  # else spaCy hands the whole batch of a bad document to its own
        component.set_error_handler(error_handler)
    return component


def _raise(name: str, component: Any, docs: Any, error: Exception) -> None:
    raise error


@Language.factory(
    "causal_mtl",
    assigns=["doc.ents", "token.ent_iob", "token.ent_type", "doc.spans", "doc.cats"],
    default_config={
        "archive": None,
        "batch_size": 32,
        "device": "cpu",
        "mixed_precision": "no",
        "overrides": {},
        "set_ents": True,
        "ents": None,
        "overwrite_ents": False,
        "prefix": "",
        "by_sentence": False,
        "relations_attribute": "relations",
    },
)
def make_component(
    nlp: Language,
    name: str,
    archive: Union[str, None],  # noqa: UP007  # spaCy 3.7 with pydantic 1 knows no other form
    batch_size: int,
    device: Device,
    mixed_precision: Precision,
    overrides: dict[str, Any],
    set_ents: bool,
    ents: Union[str, None],  # noqa: UP007
    overwrite_ents: bool,
    prefix: str,
    by_sentence: bool,
    relations_attribute: str,
) -> CausalMtl:
    """Make the component; see `Settings` and docs/integrations.md for the options.

    Raises:
        ConfigurationError: an option has a value that is not possible.
    """
    try:
        settings = Settings(
            batch_size,
            device,
            mixed_precision,
            overrides,
            set_ents,
            ents,
            overwrite_ents,
            prefix,
            by_sentence,
        )
        add_extension(relations_attribute)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error}") from None
    return CausalMtl(name, archive, settings)
