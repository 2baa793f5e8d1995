"""The top-level keys of a config file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from causal_mtl.archive import MODEL_EXTRAS
from causal_mtl.common import FromParams, Late, Lazy, Range
from causal_mtl.data import DatasetReader, Vocabulary
from causal_mtl.models import Model
from causal_mtl.training.batching import Batching
from causal_mtl.training.trainer import Trainer

Split = Literal["train", "validation", "test"]


@dataclass
class Settings(FromParams):
    """What a config file says.

    Args:
        dataset_reader: reads the training data, and the others too unless `validation_dataset_reader` is given.
        train_data_path: a file or URL.
        model: given the vocabulary.
        trainer: how to train.
        train_share: train on about this share of the records only, for learning curves. Records are chosen by
            their ids: smaller shares are part of larger ones, whatever the seed.
        train_bootstrap: train on a bootstrap sample of the records: as many, drawn with replacement by
            `random_seed`. Trainings of several seeds then differ as if each had data of its own, and the intervals
            of `causal-mtl effects` know of the training data. The vocabulary is counted on all records.
        validation_dataset_reader: for validation and test data, and for text to predict.
        validation_data_path: chooses the best epoch.
        test_data_path: only read if `evaluate_on_test`.
        evaluate_on_test: score the best weights on the test data at the end.
        vocabulary: how to make it; counted on the training data.
        datasets_for_vocab_creation: count other data as well. A label that training never shows cannot be learned,
            so this is for words only.
        data_loader: sentences or tokens per batch.
        random_seed: of everything that is random.
        initial_weights: an archive whose weights the model starts with, as far as they fit; its vocabulary is
            extended by the training data. ``model: {type: "from_archive"}`` sets this, and the model's config.
    """

    dataset_reader: DatasetReader
    train_data_path: str
    model: Annotated[Lazy[Model], Late(*MODEL_EXTRAS)]
    trainer: Trainer
    train_share: Annotated[float, Range(gt=0, le=1)] = 1.0
    train_bootstrap: bool = False
    validation_dataset_reader: DatasetReader | None = None
    validation_data_path: str | None = None
    test_data_path: str | None = None
    evaluate_on_test: bool = False
    vocabulary: Annotated[Lazy[Vocabulary], Late("instances")] = field(
        default_factory=lambda: Lazy(Vocabulary)
    )
    datasets_for_vocab_creation: list[Split] = field(default_factory=lambda: ["train"])
    data_loader: Batching = field(default_factory=Batching)
    random_seed: Annotated[int, Range(ge=0, lt=2**63)] = 13370
    initial_weights: str | None = None

    def reader(self, split: Split) -> DatasetReader:
        """The reader of the data of `split`."""
        return (
            self.dataset_reader if split == "train" else self.validation_dataset_reader or self.dataset_reader
        )

    def paths(self) -> dict[Split, str]:
        """The data that this config reads."""
        test = self.test_data_path if self.evaluate_on_test else None
        paths: dict[Split, str | None] = {
            "train": self.train_data_path,
            "validation": self.validation_data_path,
            "test": test,
        }
        return {split: path for split, path in paths.items() if path is not None}
