import socket
import sys
from pathlib import Path

import pytest

from causal_mtl import train

sys.path.insert(0, str(Path(__file__).parent))

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="session")
def small(tiny_config, tmp_path_factory):
    """Trains a tiny model in a few seconds; returns its directory. Do not write to it."""

    def trained(reader, train_data, validation_data, tasks, metric, epochs):
        config = tiny_config(
            dataset_reader={**tiny_config()["dataset_reader"], **reader},
            train_data_path=str(FIXTURES / train_data),
            validation_data_path=str(FIXTURES / validation_data),
        )
        config["model"] = {**config["model"], "tasks": tasks}
        config["trainer"] = {**config["trainer"], "num_epochs": epochs, "validation_metric": metric}
        directory = tmp_path_factory.mktemp("small") / "run"
        train(config, directory)
        return directory

    return trained


@pytest.fixture(scope="session")
def aspects(small):
    """Spans, and labels of the text."""
    tasks = [
        {"type": "sequence_tagging", "name": "terms"},
        {"type": "multi_label_classification", "name": "categories"},
    ]
    reader = {"type": "semeval14", "terms": "terms", "categories": "categories"}
    return small(reader, "semeval14/train.xml", "semeval14/dev.xml", tasks, "+terms/f1", 8)


@pytest.fixture(scope="session")
def law(small):
    """Two tasks that each give a text one label; tokens are characters."""
    tasks = [{"type": "single_label_classification", "name": name} for name in ("article", "charge")]
    reader = {"type": "cail2018", "tokenizer": "character"}
    return small(reader, "cail2018/train.json", "cail2018/dev.json", tasks, "+charge/macro_f1", 2)


@pytest.fixture
def loopback_only(monkeypatch):
    """Refuse connections to other machines."""
    connect = socket.socket.connect

    def checked(self, address):
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), f"connection to {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", checked)


@pytest.fixture
def hub(loopback_only, monkeypatch):
    """A Hugging Face Hub on loopback."""
    from huggingface_hub import constants
    from stub_hub import StubHub

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the stub speaks plain LFS
    stub = StubHub()
    yield stub
    stub.close()
