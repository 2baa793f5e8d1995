"""A small model of labels of texts, trained on the reviews of the fixtures."""

from pathlib import Path

import pytest

from causal_mtl import train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def fixtures():
    return ROOT / "fixtures"


def text_config(root):
    """Reviews and their ratings, of the fixture, in a second or two."""
    task = "single_label_classification"
    aspects = ["food", "ambiance", "service", "noise"]
    return {
        "dataset_reader": {"type": "cebab", "tokenizer": "whitespace", "no_majority": "median"},
        "train_data_path": str(root / "fixtures/cebab/train.json"),
        "validation_data_path": str(root / "fixtures/cebab/dev.json"),
        "model": {
            "type": "cmtl",
            "embedder": {"tokens": {"type": "embedding", "embedding_dim": 12}},
            "encoder": {"type": "cnn", "windows": [1], "filters": 8},
            "label_transfer": {"type": "lstm", "label_dim": 8},
            "label_sampler": "gold",
            "tasks": [
                *({"type": task, "name": name, "parents": []} for name in aspects),
                {"type": task, "name": "rating", "parents": aspects},
            ],
        },
        "data_loader": {"batch_size": 20},
        "trainer": {"num_epochs": 6, "optimizer": {"type": "adam", "lr": 0.02}, "validation_metric": "-loss"},
    }


@pytest.fixture(scope="session")
def reviews(tmp_path_factory):
    """Trained with gold labels, which reach the rating."""
    directory = tmp_path_factory.mktemp("reviews") / "run"
    train(text_config(ROOT), directory)
    return directory


@pytest.fixture(scope="session")
def reviews_without_transfer(tmp_path_factory):
    """No labels reach the rating: HMTL."""
    directory = tmp_path_factory.mktemp("without") / "run"
    config = text_config(ROOT)
    config["model"]["label_transfer"] = "none"
    del config["model"]["label_sampler"]
    train(config, directory)
    return directory
