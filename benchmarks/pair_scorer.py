"""Our pair scorer against the published formula and against a tuned dense one: time and memory of one batch.

python benchmarks/pair_scorer.py --threads 2

All sentences of a batch have the same length: padding plays no part (in train_webnlg.py it does). "published"
puts two states side by side for every pair, keeps all scores and compares them with dense labels; "split" adds
U h_i and V h_j, takes gold sparsely and keeps all scores. "training" is the loss, the maxima over partners and all
gradients. Times are medians, taken in turns; memory is what a process takes beyond weights and states.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import isolated
import machine

BATCHES = {25: 50, 50: 32, 100: 8, 200: 4, 400: 1, 800: 1, 2000: 1}
"""Sentences by their number of tokens: as many as the published formula can hold."""
ONLY_OURS = 1000
"""From so many tokens on the others need more memory than most machines have."""
LABELS = (24, 170, 216)
HIDDEN = 200
MENTIONS = 4
"""Per sentence: what prediction scores pairs of."""
SIDES = (("published", "fp32"), ("split", "fp32"), ("split", "bf16"), ("ours", "fp32"), ("ours", "bf16"))
SECONDS = 1.0
"""Each side is timed for so long, or three times."""


def make(tokens: int, labels: int, side: str, precision: str) -> dict[str, Callable[[], Any]]:
    """What is timed."""
    import torch
    from published_scorer import KINDS

    from causal_mtl.nn.pair_scorer import PairScorer

    torch.manual_seed(0)
    batch = BATCHES[tokens]
    scorer = KINDS[side](PairScorer(HIDDEN, HIDDEN, labels))
    states = torch.randn(batch, tokens, HIDDEN, requires_grad=True)
    mask = torch.ones(batch, tokens, dtype=torch.bool)
    annotated = torch.ones(batch, dtype=torch.bool)
    cells = torch.stack(
        [torch.randint(size, (2 * batch,)) for size in (batch, tokens, tokens, labels)], dim=1
    )
    anchors = torch.randint(tokens, (batch, MENTIONS))
    pairs = torch.tensor(
        [(row, int(a), int(b)) for row in range(batch) for a in anchors[row] for b in anchors[row]]
    ).unique(dim=0)
    autocast = {"dtype": torch.bfloat16, "enabled": precision == "bf16"}

    def train() -> None:
        with torch.autocast("cpu", **autocast):
            loss, maxima = scorer(states, mask).reduce(cells, annotated)
        (loss + maxima.sum()).backward()

    def predict() -> None:
        with torch.no_grad(), torch.autocast("cpu", **autocast):
            scorer(states, mask).cells(0.5, pairs)

    return {"training": train, "prediction": predict}


def peak(begin: Callable[[], None], what: str, threads: int, *side: Any) -> None:
    """For `isolated`: two passes."""
    import torch

    torch.set_num_threads(threads)
    function = make(*side)[what]
    begin()
    function()
    function()


def seconds(functions: list[Callable[[], Any]]) -> list[float]:
    """Medians; the functions take turns, so that a busy moment hits all."""
    times: list[list[float]] = [[] for _ in functions]
    for function in functions:
        function()
    while len(times[0]) < 3 or sum(times[0]) < SECONDS:
        for function, of_function in zip(functions, times, strict=True):
            began = time.perf_counter()
            function()
            of_function.append(time.perf_counter() - began)
    return [statistics.median(of_function) for of_function in times]


def matrix_product_rate(precision: str) -> float:
    """Operations a second of one large product: the limit."""
    import torch

    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    one, other = torch.randn(2048, 2048, dtype=dtype), torch.randn(2048, 2048, dtype=dtype)
    return 2 * 2048**3 / seconds([lambda: one @ other])[0]


def main() -> None:
    options = machine.parser(__doc__, "pair_scorer")
    options.add_argument("--tokens", type=int, nargs="+", default=list(BATCHES), choices=BATCHES)
    options.add_argument("--labels", type=int, nargs="+", default=list(LABELS))
    chosen = options.parse_args()
    about = machine.describe(chosen.threads)
    import torch

    torch.set_num_threads(chosen.threads)
    limits = {precision: matrix_product_rate(precision) for precision in ("fp32", "bf16")}
    print(
        "matrix products: " + ", ".join(f"{name} {rate / 1e9:.0f} GFLOP/s" for name, rate in limits.items())
    )
    shapes = [
        (tokens, labels)
        for labels in chosen.labels
        for tokens in chosen.tokens
        if tokens < ONLY_OURS or labels == max(chosen.labels)  # it is the memory that is of interest there
    ]
    rows = [row for shape in shapes for row in compare(*shape, chosen.threads, limits)]
    machine.write(chosen.output, about, {"matrix_products_per_second": limits, "rows": rows})


def compare(tokens: int, labels: int, threads: int, limits: dict[str, float]) -> Iterator[dict[str, Any]]:
    """All sides on one shape; printed as they come."""
    sides = [side for side in SIDES if side[0] == "ours" or tokens < ONLY_OURS]
    made = [make(tokens, labels, *side) for side in sides]
    for what in made[0]:
        print(f"\n{what}: {BATCHES[tokens]} sentences of {tokens} tokens, {labels} labels")
        times = seconds([functions[what] for functions in made])
        for side, took in zip(sides, times, strict=True):
            row = {"tokens": tokens, "labels": labels, "what": what, "side": " ".join(side)}
            row["milliseconds"] = round(1000 * took, 2)
            text = f"  {row['side']:15} {row['milliseconds']:10.2f} ms"
            if sides[0][0] == "published":
                row["times_as_fast"] = round(times[0] / took, 1)
                text += f"  {row['times_as_fast']:6.1f} times as fast"
            if labels == max(LABELS):
                rise = isolated.run(peak, what, threads, tokens, labels, *side)[1]
                row["mebibytes"] = round(rise / 2**20, 1)
                text += f"  {row['mebibytes']:8.1f} MiB"
            if side[0] == "ours" and what == "training":
                row["share_of_limit"] = round(operations(tokens, labels) / took / limits[side[1]], 2)
                text += f"  {row['share_of_limit']:.0%} of the limit"
            print(text, flush=True)
            yield row


def operations(tokens: int, labels: int) -> int:
    """Of the matrix products that training cannot do without: scores, and two for their gradients."""
    return 3 * 2 * BATCHES[tokens] * tokens**2 * HIDDEN * labels


if __name__ == "__main__":
    main()
