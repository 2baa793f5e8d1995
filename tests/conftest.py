import json
from pathlib import Path

import hypothesis
import pytest

# First calls import spacy or torch, and machines are shared: how long a test takes says nothing.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).parents[1]


def tiny(**changes):
    """A config that trains in a second."""
    config = {
        "dataset_reader": {
            "type": "triples",
            "token_indexers": {"tokens": {"type": "single_id"}, "characters": {"type": "characters"}},
            "max_instances": 60,
        },
        "train_data_path": str(ROOT / "fixtures/triples/train.json"),
        "validation_data_path": str(ROOT / "fixtures/triples/dev.json"),
        "model": {
            "type": "mtl",
            "embedder": {
                "tokens": {"type": "embedding", "embedding_dim": 20},
                "characters": {"type": "character_cnn", "embedding_dim": 8, "num_filters": 10},
            },
            "encoder": {"type": "bilstm", "hidden_size": 20},
            "tasks": [
                {"type": "sequence_tagging", "name": "entities"},
                {"type": "relation_extraction", "name": "relations", "mentions": "entities"},
            ],
        },
        "data_loader": {"batch_size": 10},
        "trainer": {
            "num_epochs": 2,
            "optimizer": {"type": "adam", "lr": 0.02},
            "validation_metric": "+entities/f1",
            "device": "cpu",
        },
    }
    return {**config, **changes}


@pytest.fixture
def config():
    return tiny()


@pytest.fixture(scope="session")
def tiny_config():
    """Makes such a config; for fixtures that last longer than a test."""
    return tiny


@pytest.fixture
def needs_bf16():
    """Skip what needs a CPU that computes in bf16."""
    from causal_mtl.nn.precision import computes_in_bf16

    if not computes_in_bf16("cpu"):
        pytest.skip("this CPU cannot compute in bf16")


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The directory of a small training, good enough to find some mentions. Do not write to it."""
    from causal_mtl import train

    directory = tmp_path_factory.mktemp("trained") / "run"
    train(tiny(), directory, overrides={"trainer.num_epochs": 8})
    return directory


@pytest.fixture
def config_file(config, tmp_path):
    path = tmp_path / "config.jsonnet"
    path.write_text(json.dumps(config))
    return path
