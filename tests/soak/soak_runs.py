"""The small trainings that are killed, and what two ends of one are compared by."""

import json
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_BY_CRASHES = (".unfinished_", ".deleted_", ".packing_", ".starting", ".lock")
_TIMES = ("second", "duration", "memory")


def configs():
    """One config per kind of model: three batches per epoch, two epochs, checkpoints within epochs."""
    return {
        "mtl": _config({"type": "mtl"}, {"keep_checkpoints": 2}),
        "cmtl": _config(
            {
                "type": "cmtl",
                "architecture": {"type": "hierarchical"},
                "label_transfer": {"type": "lstm", "label_dim": 4},
                "label_sampler": {"type": "gumbel", "temperature": 0.05},
            },
            {"moving_average": {"type": "exponential", "decay": 0.9}},
        ),
        "pmei": _config(
            {"type": "pmei", "stochastic_map": {"type": "gru"}, "alpha": 0.1, "beta": 0.001},
            {"lr_scheduler": {"type": "linear_with_warmup"}},
        ),
    }


def _config(model, trainer):
    tokens = {"type": "embedding", "embedding_dim": 4, "word_dropout": 0.05}
    return {
        "dataset_reader": {
            "type": "triples",
            "token_indexers": {"tokens": {"type": "single_id"}},
            "max_instances": 9,
        },
        "train_data_path": str(ROOT / "fixtures/triples/train.json"),
        "validation_data_path": str(ROOT / "fixtures/triples/dev.json"),
        "model": {
            "embedder": {"tokens": tokens},
            "encoder": {"type": "bilstm", "hidden_size": 4},
            "tasks": [
                {"type": "sequence_tagging", "name": "entities"},
                {"type": "relation_extraction", "name": "relations", "mentions": "entities"},
            ],
            "encoder_dropout": 0.3,
            **model,
        },
        "data_loader": {"batch_size": 3},
        "trainer": {
            "num_epochs": 2,
            "optimizer": {"type": "adam", "lr": 0.01},
            "validation_metric": "-loss",
            "checkpoint_every_steps": 2,
            "grad_norm": 5.0,
            "device": "cpu",
            **trainer,
        },
    }


def outcome(directory):
    """All of a finished training that does not depend on time: weights to the bit, metrics, names of files."""
    with tarfile.open(directory / "model.tar.gz") as archive:
        weights = archive.extractfile("weights.safetensors").read()
    lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    checkpoints = sorted((directory / "checkpoints").iterdir())
    return {
        "weights": weights,
        "metrics.json": _untimed(json.loads((directory / "metrics.json").read_text())),
        "metrics.jsonl": [_untimed(line) for line in lines],
        "config.json": (directory / "config.json").read_bytes(),
        "vocabulary": {path.name: path.read_bytes() for path in (directory / "vocabulary").iterdir()},
        "checkpoints": {path.name: (path / "model.safetensors").read_bytes() for path in checkpoints},
        "names": sorted(path.name for path in directory.iterdir() if path.name != "run.json"),
    }


def differences(expected, directory):
    """What differs from the outcome of the training that was not killed, and what crashes have left."""
    found = outcome(directory)
    for name, value in expected.items():
        if found[name] != value:
            yield f"{name} differs" + ("" if name == "weights" else f": {found[name]!r:.300}")
    for path in directory.rglob("*"):
        if path.name.startswith(LEFT_BY_CRASHES):
            yield f"{path.relative_to(directory)} is left"


def _untimed(values):
    return {key: value for key, value in values.items() if not any(word in key for word in _TIMES)}
