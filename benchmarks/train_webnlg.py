"""Whole PMEI training and prediction on WebNLG: ours against the published formula.

python benchmarks/train_webnlg.py --threads 2

The model is `training_config/webnlg/pmei.jsonnet` (GloVe, hidden 100, batches of 50), the same for all sides but
for the relation scorer (`published_scorer.py`), the precision, and the batches: sentences as a shuffle brings
them, or of similar length. So the encoder of "published" is our fast one too. Sides take turns, each in processes
of its own; the best of each counts. Memory is what a process takes beyond data and weights. The share of the
limit is that part of a step's time which the products of both relation scorers, early and final, would take at the
rate of one large matrix product.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import isolated
import machine
from pair_scorer import matrix_product_rate

CONFIG = machine.ROOT / "training_config/webnlg/pmei.jsonnet"
SIDES = (
    ("published, its batches", "published", "no", False),
    ("published, our batches", "published", "no", True),
    ("ours, fp32", "ours", "no", True),
    ("ours, bf16", "ours", "bf16", True),
)
"""Name, scorer, mixed precision, whether sentences of similar length go together."""


def measure(
    begin: Callable[[], None],
    scorer: str,
    precision: str,
    sorted_: bool,
    batches: int,
    threads: int,
    archive: str,
) -> dict[str, float]:
    """For `isolated`: seconds a sentence of training and of prediction, and operations that training needs."""
    import torch
    from published_scorer import KINDS

    from causal_mtl.archive import load_archive
    from causal_mtl.data.loader import Loader
    from causal_mtl.training import Engine
    from causal_mtl.training.experiment import Experiment, read_config
    from causal_mtl.training.step import forward_backward

    torch.set_num_threads(threads)
    experiment = Experiment(read_config(CONFIG))
    if archive:
        loaded = load_archive(archive)
        model, vocab = loaded.model, loaded.vocab
    else:
        vocab = experiment.vocabulary()
        model = experiment.model(vocab, Path())
    train = experiment.loader("train", vocab)
    indexers = experiment.settings.dataset_reader.token_indexers
    texts = [replace(instance, annotations={}) for instance in experiment.instances["validation"]]
    dev = Loader(texts, vocab, indexers, experiment.tasks)
    a_pair, products = 0, 3  # operations; scores, and two for their gradients
    for head in [*model.heads.values(), *model.early_heads.values()]:
        if hasattr(head, "scorer"):
            a_pair += products * 2 * head.scorer.output.weight.numel()
            head.scorer = KINDS[scorer](head.scorer)
    engine, batching = Engine("cpu", precision), experiment.settings.data_loader
    optimizer = torch.optim.Adam(p for p in model.parameters() if p.requires_grad)
    if sorted_:
        order, dev_order = batching.training(train.lengths, 0, 1), batching.evaluation(dev.lengths)
    else:
        order, dev_order = (shuffled(len(loader.lengths)) for loader in (train, dev))

    def step(numbers: Sequence[int]) -> None:
        forward_backward(model, train, [numbers], engine)
        optimizer.step()
        optimizer.zero_grad()

    model.train()
    begin()
    step(order[0])
    began = time.perf_counter()
    for numbers in order[1 : batches + 1]:
        step(numbers)
    took = time.perf_counter() - began
    lengths = [train.lengths[number] for numbers in order[1 : batches + 1] for number in numbers]
    model.eval()
    began = time.perf_counter()
    with torch.no_grad(), engine.autocast():
        for numbers in dev_order:
            batch = dev.batch(numbers)
            model.decode(model(batch), batch)
    return {
        "training": took / len(lengths),
        "prediction": (time.perf_counter() - began) / len(dev.lengths),
        "operations": a_pair * sum(length**2 for length in lengths) / len(lengths),
    }


def shuffled(sentences: int) -> list[list[int]]:
    """Batches of sentences as a shuffle brings them."""
    order = list(range(sentences))
    random.Random(0).shuffle(order)
    return [order[start : start + 50] for start in range(0, sentences, 50)]


def main() -> None:
    options = machine.parser(__doc__, "train_webnlg")
    options.add_argument("--batches", type=int, default=20, help="to train on (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=2, help="turns of all sides (default: %(default)s)")
    options.add_argument(
        "--archive", default="", help="a trained model of this config (default: an untrained one)"
    )
    chosen = options.parse_args()
    about = machine.describe(chosen.threads)
    best: dict[str, dict[str, float]] = {}
    from causal_mtl.nn.precision import choose_precision

    here = {"no", choose_precision("auto", "cpu")}  # emulated bf16 would only show how slow it is
    sides = [side for side in SIDES if side[2] in here]
    for _ in range(chosen.rounds):
        for name, *side in sides:
            times, memory = isolated.run(measure, *side, chosen.batches, chosen.threads, chosen.archive)
            row = best.setdefault(name, {**times, "memory": memory})
            row |= {key: min(row[key], value) for key, value in {**times, "memory": memory}.items()}
    limits = {precision: matrix_product_rate(precision) for precision in sorted(here)}
    rows = [
        {"side": name, **compared(best[name], best[SIDES[0][0]], limits[precision])}
        for name, _, precision, _ in sides
    ]
    for row in rows:
        print("  ".join(f"{key.replace('_', ' ')} {value}" for key, value in row.items()))
    machine.write(
        chosen.output, about, {"batches": chosen.batches, "matrix_products_per_second": limits, "rows": rows}
    )


def compared(row: dict[str, float], first: dict[str, float], limit: float) -> dict[str, float]:
    """A side's figures, and how they stand to those of the first side and to the limit, in operations a second."""
    speed = {}
    for what in ("training", "prediction"):
        speed[f"{what}_sentences_per_second"] = round(1 / row[what], 1)
        speed[f"{what}_times_as_fast"] = round(first[what] / row[what], 1)
    return {
        **speed,
        "mebibytes": round(row["memory"] / 2**20),
        "share_of_memory": round(row["memory"] / first["memory"], 3),
        "share_of_limit": round(row["operations"] / row["training"] / limit, 3),
    }


if __name__ == "__main__":
    main()
