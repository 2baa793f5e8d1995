"""Whole PMEI training and prediction on WebNLG: ours against the published formula.

python benchmarks/train_webnlg.py --threads 2

The model is `training_config/webnlg/pmei.jsonnet` (GloVe, hidden 100, batches of 50), the same for all sides but
for the relation scorer (`published_scorer.py`), the precision, and the batches: sentences as a shuffle brings
them, or of similar length. So the encoder of "published" is our fast one too. Sides take turns, each in processes
of its own; the best of each counts. Memory is what a process takes beyond data and weights. "evaluation" is
prediction with all losses, as at the end of an epoch. A share of the limit is that part of the time which all
matrix products that our form needs (scorers, linear layers, convolution, LSTMs) would take at the rate of one
large product.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

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
STAGES = ("training", "prediction", "evaluation")


def measure(
    begin: Callable[[], None],
    scorer: str,
    precision: str,
    sorted_: bool,
    batches: int,
    threads: int,
    archive: str,
) -> dict[str, float]:
    """For `isolated`: of each of `STAGES` seconds and necessary operations for one sentence."""
    import torch
    from published_scorer import KINDS

    from causal_mtl.archive import load_archive
    from causal_mtl.data.loader import Loader
    from causal_mtl.training import Engine
    from causal_mtl.training.config_file import read_config
    from causal_mtl.training.experiment import Experiment
    from causal_mtl.training.step import forward_backward

    torch.set_num_threads(threads)
    experiment = Experiment(read_config(CONFIG))
    if archive:
        loaded = load_archive(archive)
        model, vocab = loaded.model, loaded.vocab
    else:
        vocab = experiment.vocabulary()
        model = experiment.model(vocab)
    train = experiment.loader("train", vocab)
    indexers = experiment.settings.dataset_reader.token_indexers
    texts = [replace(instance, annotations={}) for instance in experiment.instances["validation"]]
    dev = Loader(texts, vocab, indexers, experiment.tasks)
    gold_dev = experiment.loader("validation", vocab)
    heads = [head for head in [*model.heads.values(), *model.early_heads.values()] if hasattr(head, "scorer")]
    ours = [head.scorer for head in heads]
    for head in heads:
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
    sentences = sum(map(len, order[1 : batches + 1]))
    result = {"training": took / sentences}

    def predict(loader: Loader, numbers: Sequence[int]) -> None:
        with torch.no_grad(), engine.autocast():
            batch = loader.batch(numbers)
            output = model(batch)
            model.decode(output, batch)
            [float(loss.total) for loss in output.losses.values()]

    model.eval()
    for what, loader in (("prediction", dev), ("evaluation", gold_dev)):
        began = time.perf_counter()
        for numbers in dev_order:
            predict(loader, numbers)
        result[what] = (time.perf_counter() - began) / len(dev.lengths)

    for head, scorer_of_head in zip(heads, ours, strict=True):
        head.scorer = scorer_of_head
    few, dev_few = order[1 : batches + 1 : 4], dev_order[::2]
    result["prediction_operations"] = operations(model, partial(predict, dev), dev, dev_few)
    result["evaluation_operations"] = operations(model, partial(predict, gold_dev), gold_dev, dev_few)
    model.train()
    result["training_operations"] = operations(model, step, train, few)
    return result


def operations(
    model: Any, function: Callable[[Sequence[int]], None], loader: Any, batches: Sequence[Sequence[int]]
) -> float:
    """Of the matrix products for one sentence when `function` works on `batches`; those of gradients too."""
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        for numbers in batches:
            function(numbers)
    # The counter does not know LSTMs: their weights meet each token once, and twice more for gradients.
    lstms = sum(
        w.numel() for m in model.modules() if isinstance(m, nn.LSTM) for w in m.parameters() if w.dim() > 1
    )
    tokens = sum(len(numbers) * max(loader.lengths[number] for number in numbers) for numbers in batches)
    of_lstms = 2 * lstms * tokens * (3 if model.training else 1)
    return (counter.get_total_flops() + of_lstms) / sum(map(len, batches))


def shuffled(sentences: int) -> list[list[int]]:
    """Batches of sentences as a shuffle brings them."""
    order = list(range(sentences))
    random.Random(0).shuffle(order)
    return [order[start : start + 50] for start in range(0, sentences, 50)]


def main() -> None:
    options = machine.parser(__doc__, "train_webnlg")
    options.add_argument("--batches", type=int, default=20, help="to train on (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=2, help="turns of all sides (default: %(default)s)")
    options.add_argument("--sides", nargs="+", default=[name for name, *_ in SIDES], metavar="NAME")
    options.add_argument(
        "--archive", default="", help="a trained model of this config (default: an untrained one)"
    )
    chosen = options.parse_args()
    about = machine.describe(chosen.threads)
    best: dict[str, dict[str, float]] = {}
    from causal_mtl.nn.precision import choose_precision

    here = {"no", choose_precision("auto", "cpu")}  # emulated bf16 would only show how slow it is
    sides = [side for side in SIDES if side[0] in chosen.sides and side[2] in here]
    for _ in range(chosen.rounds):
        for name, *side in sides:
            times, memory = isolated.run(measure, *side, chosen.batches, chosen.threads, chosen.archive)
            row = best.setdefault(name, {**times, "memory": memory})
            row |= {key: min(row[key], value) for key, value in {**times, "memory": memory}.items()}
    limits = {precision: matrix_product_rate(precision) for precision in sorted(here)}
    rows = [
        {"side": name, **compared(best[name], best[sides[0][0]], limits[precision])}
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
    for what in STAGES:
        speed[f"{what}_sentences_per_second"] = round(1 / row[what], 1)
        speed[f"{what}_times_as_fast"] = round(first[what] / row[what], 1)
        speed[f"{what}_share_of_limit"] = round(row[f"{what}_operations"] / row[what] / limit, 3)
    return {
        **speed,
        "mebibytes": round(row["memory"] / 2**20),
        "share_of_memory": round(row["memory"] / first["memory"], 3),
    }


if __name__ == "__main__":
    main()
