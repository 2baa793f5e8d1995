"""Texts whose words are hidden in turn: read as `predict` reads them, with their gold if they have any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Annotation, Instance, WhitespaceTokenizer, from_json
from causal_mtl.data.records import read_records
from causal_mtl.predictors import Predictor
from causal_mtl.predictors.predictor import with_tokens


@dataclass(frozen=True)
class Text:
    """One text.

    Attributes:
        name: its id, or where it stands in the file.
        instance: its annotations are the labels that are given.
        gold: of the file.
    """

    name: str
    instance: Instance
    gold: Mapping[str, Annotation]


def read_texts(predictor: Predictor, path: Path) -> Iterator[Text]:
    """The texts of a file of JSON lines, or of a JSON list.

    Raises:
        ConfigurationError: a record is not as it should be; the message begins with file and line.
    """
    for where, record in read_records(path):
        try:
            instance = with_tokens(predictor.json_to_instance(record))
            gold = from_json(
                {**_tokens(instance), "annotations": record.get("annotations", {})}, WhitespaceTokenizer()
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error.message}") from None
        yield Text(str(record.get("id", where)), instance, gold.annotations)


def _tokens(instance: Instance) -> dict[str, object]:
    return {"text": instance.text, "tokens": [token.text for token in instance.tokens]}
