"""Texts whose words are hidden in turn: read as `predict` reads them, with their gold if they have any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from causal_mtl.common import ConfigurationError
from causal_mtl.data import Annotation, Instance, WhitespaceTokenizer, from_json
from causal_mtl.data.records import read_records
from causal_mtl.predictors import Predictor
from causal_mtl.predictors.predictor import with_tokens
from causal_mtl.predictors.uncertain import uncertain


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
            instance = settled(predictor, record)
            gold = from_json(
                {**_tokens(instance), "annotations": record.get("annotations", {})}, WhitespaceTokenizer()
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{where}: {error.message}") from None
        yield Text(str(record.get("id", where)), instance, gold.annotations)


def settled(predictor: Predictor, record: Mapping[str, Any]) -> Instance:
    """The text with the labels that are given; those that are given in part are completed by the prediction.

    Raises:
        ConfigurationError: the record is not as it should be, or labels are given with probabilities.
    """
    instance = with_tokens(predictor.json_to_instance(record))
    if unsure := uncertain(instance):
        raise ConfigurationError(f"given.{unsure[0]}: expected labels without probabilities")
    partial = [name for name, one in instance.annotations.items() if one.partial]
    if not partial:
        return instance
    predicted = predictor.annotate([instance])[0]
    whole = {name: predicted[name] for name in partial}
    return replace(instance, annotations={**instance.annotations, **whole})


def _tokens(instance: Instance) -> dict[str, object]:
    return {"text": instance.text, "tokens": [token.text for token in instance.tokens]}
