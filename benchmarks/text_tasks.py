"""A chain of three tasks of whole texts (law article → charge → prison term) on `cail2018_small`.

python benchmarks/text_tasks.py

Labels of texts were folded at each token, as the published formula reads; now once. Both, side by side, under the
architecture at the level of tokens, and the architectures at the level of texts, which have one position anyway.
Tokens are characters. Seconds are of CPU time, so that what else runs on the machine weighs less. Sides take
turns, each in processes of its own, on the same batches: some of an epoch's, evenly spaced by length; the epoch is
their time multiplied by its number of tokens, padding included, over theirs. The best round counts. Memory is what
a process takes beyond data and weights.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import isolated
import machine

DATA = (
    Path(os.environ.get("CAUSAL_MTL_DATA", machine.ROOT.parent / "shared/data")) / "cail2018_small/train.json"
)
CNN = {"type": "cnn", "windows": [2, 3, 4, 5], "filters": 128}
BILSTM = {"type": "bilstm", "hidden_size": 150}
SIDES: dict[str, tuple[dict[str, Any], bool]] = {
    "hierarchical, bilstm, folded at each token": ({"architecture": "hierarchical", "encoder": BILSTM}, True),
    "hierarchical, bilstm, folded once": ({"architecture": "hierarchical", "encoder": BILSTM}, False),
    "hierarchical, cnn, folded at each token": ({"architecture": "hierarchical", "encoder": CNN}, True),
    "hierarchical, cnn, folded once": ({"architecture": "hierarchical", "encoder": CNN}, False),
    "recurrent_cnn": ({"architecture": "recurrent_cnn", "encoder": CNN}, False),
    "topjudge": ({"architecture": "topjudge", "encoder": CNN, "label_transfer": "none"}, False),
}
"""By name: settings of `cmtl`, and whether labels are folded at each token."""
MORE_THAN = (120, 84, 60, 36, 24, 12, 9, 6, 0)  # months


def measure(
    begin: Callable[[], None], settings: Mapping[str, Any], each_token: bool, batches: int, threads: int
) -> dict[str, float]:
    """For `isolated`: CPU seconds of an epoch, and the share of it that was measured."""
    import torch

    from causal_mtl.data import DatasetReader, Vocabulary
    from causal_mtl.data.loader import CountableInstance, Loader
    from causal_mtl.data.schema import from_json
    from causal_mtl.models import Model
    from causal_mtl.tasks import Task
    from causal_mtl.training import Batching, Engine
    from causal_mtl.training.step import forward_backward

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    reader = DatasetReader.from_params({"type": "jsonl", "tokenizer": "whitespace"})
    with DATA.open(encoding="utf-8") as lines:
        instances = [from_json(record(json.loads(line)), reader.tokenizer) for line in lines]
    kind = "single_label_classification"
    tasks = [Task.from_params({"type": kind, "name": name}) for name in ("article", "charge", "term")]
    vocab = Vocabulary.from_instances(
        [CountableInstance(text, reader.token_indexers, tasks) for text in instances]
    )
    loader = Loader(instances, vocab, reader.token_indexers, tasks)
    model = Model.from_params(
        {
            "type": "cmtl",
            "embedder": {"tokens": {"type": "embedding", "embedding_dim": 200}},
            "tasks": [{"type": kind, "name": task.name} for task in tasks],
            **settings,
        },
        vocab=vocab,
    )
    if each_token:
        model.label_transfer.forward = fold_at_each_token(model.label_transfer)
    engine, optimizer = Engine("cpu", "no"), torch.optim.Adam(model.parameters())
    plan = Batching(batch_size=32).training(loader.lengths, 0, 1)
    plan.sort(key=lambda numbers: size(loader, numbers))
    chosen = plan[len(plan) // (2 * batches) :: max(1, len(plan) // batches)]

    model.train()
    begin()
    forward_backward(model, loader, [chosen[0]], engine)
    optimizer.zero_grad()
    began = time.process_time()
    for numbers in chosen:
        forward_backward(model, loader, [numbers], engine)
        optimizer.step()
        optimizer.zero_grad()
    took = time.process_time() - began
    share = sum(size(loader, numbers) for numbers in chosen) / sum(size(loader, numbers) for numbers in plan)
    return {"seconds": took / share, "share": share}


def fold_at_each_token(transfer: Any) -> Callable[..., Any]:
    """The forward pass of a label transfer as it is printed (CMTL eq. 2): one fold for each token."""

    def forward(labels: Mapping[str, Any], mask: Any) -> Any:
        if not labels:
            return mask.new_zeros(*mask.shape, 0, dtype=next(transfer.parameters()).dtype)
        shape = (*mask.shape, transfer.label_dim)
        return transfer.fold(
            [transfer.embeddings[task](label).expand(shape) for task, label in labels.items()]
        )

    return forward


def record(case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as a record of the `jsonl` schema: characters, its first article, its first charge, its term."""
    meta = case["meta"]
    labels = {
        "article": str(meta["relevant_articles"][0]),
        "charge": meta["accusation"][0],
        "term": term(meta["term_of_imprisonment"]),
    }
    return {
        "tokens": [character for character in case["fact"] if not character.isspace()],
        "annotations": {task: {"labels": [label]} for task, label in labels.items()},
    }


def term(sentence: Mapping[str, Any]) -> str:
    """One of the 11 intervals of TopJudge: death or life, more than so many months, none."""
    if sentence["death_penalty"] or sentence["life_imprisonment"]:
        return "death or life"
    months = sentence["imprisonment"]
    return next((f"> {least}" for least in MORE_THAN if months > least), "none")


def size(loader: Any, numbers: list[int]) -> int:
    """Tokens of a batch, padding included."""
    return len(numbers) * max(loader.lengths[number] for number in numbers)


def main() -> None:
    options = machine.parser(__doc__, "text_tasks")
    options.add_argument("--batches", type=int, default=8, help="of an epoch (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=2, help="turns of all sides (default: %(default)s)")
    chosen = options.parse_args()
    about = machine.describe(chosen.threads)
    best: dict[str, dict[str, float]] = {}
    for _ in range(chosen.rounds):
        for name, side in SIDES.items():
            figures, memory = isolated.run(measure, *side, chosen.batches, chosen.threads)
            row = best.setdefault(name, {**figures, "memory": memory})
            row |= {key: min(row[key], value) for key, value in {**figures, "memory": memory}.items()}
    rows = [
        {
            "side": name,
            "cpu_seconds_per_epoch": round(row["seconds"], 1),
            "mebibytes": round(row["memory"] / 2**20),
            "share_of_epoch_measured": round(row["share"], 3),
        }
        for name, row in best.items()
    ]
    for row in rows:
        print("  ".join(f"{key.replace('_', ' ')} {value}" for key, value in row.items()))
    machine.write(chosen.output, about, {"batches": chosen.batches, "rows": rows})


if __name__ == "__main__":
    main()
