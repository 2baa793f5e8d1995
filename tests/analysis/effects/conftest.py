"""Small models whose tasks depend on each other, made without files or training."""

import json

import pytest

from causal_mtl.archive.manifest import manifest_of
from causal_mtl.archive.parts import members_of
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


TASKS = [
    {"type": "single_label_classification", "name": name, "parents": parents}
    for name, parents in (("A", []), ("B", ["A"]), ("C", ["A"]))
]
SIZES = {
    "encoder": {"type": "cnn", "windows": [1], "filters": 12},
    "label_transfer": {"type": "lstm", "label_dim": 12},
}


@pytest.fixture(scope="session")
def of_world(world, labels_config, tmp_path_factory):
    """Trains a model on the synthetic world: ``of_world(name, seed, **changes of the model)``."""
    made = {}

    def config(folder, seed=1, **model):
        data = folder / "train.jsonl", folder / "dev.jsonl"
        found = labels_config({"type": "jsonl"}, *data, TASKS, **{**SIZES, **model})
        found["data_loader"]["batch_size"] = 24
        found["trainer"].update(num_epochs=4, optimizer={"type": "adam", "lr": 1.5e-2})
        return {**found, "random_seed": seed}

    def make(name="gold", seed=1, **model):
        key = name, seed
        if key not in made:
            made[key] = trained_on(tmp_path_factory.mktemp(name) / str(seed), config(world, seed, **model))
        return made[key]

    make.config = config
    return make


@pytest.fixture
def renew_manifest():
    """Of an archive that was changed on purpose."""

    def renew(folder):
        members = {name: path for name, path in members_of(folder).items() if name != "manifest.json"}
        (folder / "manifest.json").write_text(json.dumps(manifest_of(members)))

    return renew


@pytest.fixture
def changed(unpack, renew_manifest):
    """Unpacks the same model with another config: ``changed(path, folder, **changes)``."""

    def change(path, folder, **changes):
        unpack(path / "model.tar.gz", folder)
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
        renew_manifest(folder)
        return folder

    return change
