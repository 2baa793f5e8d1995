"""Text in, labelled text out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from causal_mtl.archive import Archive
from causal_mtl.common import ConfigurationError, Registrable
from causal_mtl.common.strict_json import check
from causal_mtl.data import Annotation, Instance
from causal_mtl.data.instance import Token, scores_of
from causal_mtl.data.records import Entry, expect, read_entries
from causal_mtl.data.schema import to_json
from causal_mtl.data.strings import expect_text, expect_tokens
from causal_mtl.nn.precision import choose_device, choose_precision
from causal_mtl.predictors.annotator import Annotator
from causal_mtl.predictors.given import read_given, read_gold

OnError = Literal["stop", "skip"]
Precision = Literal["auto", "no", "bf16"]
Record = Mapping[str, Any]

WINDOW = 16
"""Batches that are read ahead, to put sentences of similar length together."""


class InputError(ConfigurationError):
    """A record that cannot be predicted; where it came from a file the message begins with its line."""


class Predictor(Registrable):
    """Predicts with a trained model. Registered as a `Predictor` with name "default".

    A record to predict is raw text, or an object with ``text`` (tokenized as the config's reader does raw
    text) or ``tokens``, or both. What is predicted comes back as a record of the `jsonl` schema: ``text``,
    ``tokens``, ``annotations`` by task with offsets and scores, and every other field of the input. It can
    be read back as gold. ``annotations`` of the input are not looked at: a file with gold can be predicted
    as it is.

    Labels under the key ``given``, in the form of ``annotations``, are set: their tasks are not predicted
    but keep these labels, and the other tasks are predicted from them, as when a person corrects a mention:
    ``{"text": …, "given": {"entities": {"spans": [{"start": 0, "end": 6, "label": "entity"}]}}}``. With
    ``"partial": true`` beside the spans (relations, labels) they are not all: the rest is predicted around
    them.

    A subclass can change `json_to_instance` and `instance_to_json`.

    Args:
        archive: the trained model.
        batch_size: sentences that are predicted together at most; they are of similar length.
        mixed_precision: "no", or "bf16" for matrix products of 16 bits: faster where the hardware has them, with
            scores that agree to two digits or so; "auto" is "bf16" there and "no" elsewhere.
        given_gold: tasks whose gold, under ``annotations`` of a record, is given; what is under ``given``
            goes before.

    Raises:
        ConfigurationError: the archive's device cannot compute in this precision.
    """

    default_implementation = "default"

    def __init__(
        self,
        archive: Archive,
        batch_size: int = 32,
        mixed_precision: Precision = "no",
        given_gold: Sequence[str] = (),
    ) -> None:
        self.archive = archive
        self.model = archive.model
        self.batch_size = batch_size
        device = choose_device(archive.device.type)  # type: ignore[arg-type]
        precision = choose_precision(mixed_precision, device)
        self.annotator = Annotator(archive, batch_size, precision)  # type: ignore[arg-type]  # never fp16
        self.given_gold = given_gold
        self.model.tasks.check_names(given_gold, "given_gold")

    def predict(self, record: str | Record) -> dict[str, Any]:
        """Predict one text or record.

        Raises:
            InputError: it is not as it should be.
        """
        return self.predict_batch([record])[0]

    def predict_batch(self, records: Sequence[str | Record]) -> list[dict[str, Any]]:
        """Predict several texts or records, in their order.

        Raises:
            InputError: one is not as it should be; the message names its number, from 0.
        """
        instances = []
        for number, record in enumerate(records):
            try:
                instances.append(self._checked({"text": record} if isinstance(record, str) else record))
            except ConfigurationError as error:
                raise InputError(_numbered(number, error.message, len(records))) from None
        results = self._predict(instances)
        for number, result in enumerate(results):
            if isinstance(result, InputError):
                raise InputError(_numbered(number, result.message, len(records)))
        return results  # type: ignore[return-value]  # no errors among them

    def predict_jsonl(
        self, lines: Iterable[str | bytes], on_error: OnError = "stop"
    ) -> Iterator[dict[str, Any]]:
        """Predict JSON lines, or a JSON list, one after another, in their order; blank lines are passed over.

        Only some batches of lines are held at a time (of a list: all).

        Args:
            lines: of a file that is open for reading.
            on_error: at a record that cannot be predicted: "stop" yields what comes before it, then raises;
                "skip" yields ``{"line": number, "error": message}`` in its place and goes on. In a list, the
                record has ``"record": number`` besides.

        Raises:
            InputError: names the line, from 1. Where a list is malformed, whatever `on_error` says: its rest
                cannot be told apart.
        """
        entries = read_entries(lines)
        failure: InputError | None = None
        while failure is None:
            window, failure = _taken(entries, self.window_size)
            if not window:
                break
            yield from self.predict_window(window, on_error)
        if failure is not None:
            raise failure

    @property
    def window_size(self) -> int:
        """How many records are read ahead, to put sentences of similar length together."""
        return WINDOW * self.batch_size

    def predict_window(self, window: Sequence[Entry], on_error: OnError = "stop") -> Iterator[dict[str, Any]]:
        """Predict the entries of one window, as `predict_jsonl` does window after window.

        Scores depend, in their last digits, on which sentences share a batch, so whoever divides a file must
        divide it into windows of `window_size` entries to get what `predict_jsonl` gives.

        Raises:
            InputError: as `predict_jsonl` does, after what comes before the bad record.
        """
        for entry, result in zip(window, self._predict_entries(window), strict=True):
            if isinstance(result, InputError) and on_error == "stop":
                raise InputError(f"line {entry.line}: {result}")
            yield _error_record(entry, result) if isinstance(result, InputError) else result

    def json_to_instance(self, record: Record) -> Instance:
        """The instance to predict; its annotations are the labels that are given.

        Raises:
            ConfigurationError: the record is not as it should be.
        """
        text = expect_text(record["text"], "text") if "text" in record else None
        tokens = expect(record["tokens"], list, "tokens") if record.get("tokens") is not None else None
        rest = {key: value for key, value in record.items() if key not in ("text", "tokens", "annotations")}
        instance = self.archive.reader.text_to_instance(text, tokens, rest)
        if self.given_gold:
            read_gold(instance, record, self.given_gold, self.model.tasks, self.archive.vocab)
        if record.get("given") is not None:
            read_given(instance, record["given"], self.model.tasks, self.archive.vocab)
        return instance

    def instance_to_json(self, instance: Instance, annotations: Mapping[str, Annotation]) -> dict[str, Any]:
        """What comes out for one sentence."""
        return to_json(instance, annotations)

    def annotate(self, instances: Sequence[Instance]) -> list[dict[str, Annotation]]:
        """Predict instances: one annotation per task for each, in their order.

        Annotations that an instance has already are set, not predicted; around partial ones the rest is.
        """
        return self.annotator.annotate(instances)

    def annotate_tokens(
        self, texts: Iterable[tuple[str, Sequence[Token]]]
    ) -> list[dict[str, Annotation] | InputError]:
        """Predict texts that have been tokenized already: nothing tokenizes them again.

        Args:
            texts: each with its tokens, blanks not among them; their offsets point into the text.

        Returns:
            For each text in order its annotations by task, or what is wrong with it.
        """
        instances: list[Instance] = []
        results: list[InputError | None] = []
        for text, tokens in texts:
            try:
                expect_tokens([token.text for token in tokens], "tokens")
                instances.append(with_tokens(self.archive.reader.tokens_to_instance(text, tokens)))
                results.append(None)
            except ConfigurationError as error:
                results.append(InputError(error.message))
        annotations = iter(self.annotate(instances))
        return [_finite(next(annotations)) if result is None else result for result in results]

    def _predict(self, instances: Sequence[Instance]) -> list[dict[str, Any] | InputError]:
        return [
            found if isinstance(found, InputError) else self.instance_to_json(instance, found)
            for instance, found in zip(instances, map(_finite, self.annotate(instances)), strict=True)
        ]

    def _predict_entries(self, entries: Sequence[Entry]) -> list[dict[str, Any] | InputError]:
        """What becomes of each entry."""
        instances: list[Instance] = []
        results: list[InputError | None] = []
        for entry in entries:
            try:
                if entry.record is None:
                    raise InputError(entry.error)
                instances.append(self._checked(entry.record))
                results.append(None)
            except ConfigurationError as error:
                results.append(InputError(error.message))
        predicted = iter(self._predict(instances))
        return [next(predicted) if result is None else result for result in results]

    def _checked(self, record: Any) -> Instance:
        if not isinstance(record, Mapping):
            raise ConfigurationError(f"expected an object, got {type(record).__name__}")
        check(dict(record))
        return with_tokens(self.json_to_instance(record))


Predictor.register("default")(Predictor)


def _taken(entries: Iterator[Entry], size: int) -> tuple[list[Entry], InputError | None]:
    """The next `size` entries, and the error that ended them before."""
    taken: list[Entry] = []
    try:
        for entry in islice(entries, size):
            taken.append(entry)
    except ConfigurationError as error:  # begins with the line
        return taken, InputError(f"line {error}")
    return taken, None


def _error_record(entry: Entry, error: InputError) -> dict[str, Any]:
    """What stands in the place of a record that cannot be predicted."""
    number = {} if entry.number is None else {"record": entry.number}
    return {"line": entry.line, **number, "error": error.message}


def _numbered(number: int, message: str, count: int) -> str:
    return f"record {number}: {message}" if count > 1 else message


def with_tokens(instance: Instance) -> Instance:
    """The same instance.

    Raises:
        ConfigurationError: it has no tokens.
    """
    if not instance.tokens:
        raise ConfigurationError("there are no tokens in this text")
    return instance


def _finite(annotations: dict[str, Annotation]) -> dict[str, Annotation] | InputError:
    """The annotations themselves, or an error if a score is none."""
    if all(math.isfinite(score) for annotation in annotations.values() for score in scores_of(annotation)):
        return annotations
    return InputError("the model's scores for this text are not finite")
