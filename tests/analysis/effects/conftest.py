"""Small models whose tasks depend on each other, made without files or training."""

import pytest

from causal_mtl.commands.main import main


def trained_on(directory, config, **options):
    from causal_mtl import train

    train(config, directory, **options)
    return directory


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """Synthetic data: the effect of A on B is 0.5, on C 0."""
    folder = tmp_path_factory.mktemp("world")
    assert main(["synthesize", str(folder), "--train", "1200", "--dev", "300", "--labels", "3"]) == 0
    return folder


def world_config(folder, seed=1, **model):
    task = "single_label_classification"
    return {
        "dataset_reader": {"type": "jsonl", "tokenizer": "whitespace"},
        "train_data_path": str(folder / "train.jsonl"),
        "validation_data_path": str(folder / "dev.jsonl"),
        "model": {
            "type": "cmtl",
            "embedder": {"tokens": {"type": "embedding", "embedding_dim": 12}},
            "encoder": {"type": "cnn", "windows": [1], "filters": 12},
            "label_transfer": {"type": "lstm", "label_dim": 12},
            "label_sampler": "gold",
            "tasks": [
                {"type": task, "name": "A", "parents": []},
                {"type": task, "name": "B", "parents": ["A"]},
                {"type": task, "name": "C", "parents": ["A"]},
            ],
            **model,
        },
        "data_loader": {"batch_size": 24},
        "trainer": {
            "num_epochs": 4,
            "optimizer": {"type": "adam", "lr": 1.5e-2},
            "validation_metric": "-loss",
        },
        "random_seed": seed,
    }


@pytest.fixture(scope="session")
def of_world(world, tmp_path_factory):
    """Trains a model on the synthetic world: ``of_world(name, seed, **changes of the model)``."""
    made = {}

    def make(name="gold", seed=1, **model):
        key = name, seed
        if key not in made:
            made[key] = trained_on(
                tmp_path_factory.mktemp(name) / str(seed), world_config(world, seed, **model)
            )
        return made[key]

    make.config = world_config
    return make
