"""What `inference` costs: forward pass and decoding of one batch under each kind, on the graphs of the demos.

python benchmarks/inference.py

Models are untrained: how long it takes does not depend on what they have learned. Seconds are of CPU time; kinds
take turns on the same batch, the best round counts, and what is printed is the multiple of `most_likely`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import machine
import torch

from causal_mtl.common import Params
from causal_mtl.nn.inference import Inference
from causal_mtl.training.config_file import read_config
from causal_mtl.training.experiment import Experiment

KINDS = {
    "most_likely": {"type": "most_likely"},
    "soft": {"type": "soft"},
    "marginal": {"type": "marginal"},
    "marginal, 8 draws": {"type": "marginal", "budget": 1, "draws": 8},
    "marginal, 32 draws": {"type": "marginal", "budget": 1, "draws": 32},
}
GRAPHS = {"reviews": "four labels of texts → one", "entities_relations": "tags → relations"}
"""Configs in training_config/demo/, and their graphs."""


def model_and_pass(name: str, sentences: int) -> Callable[[Inference], float]:
    """From a kind of inference to the CPU seconds of one batch of `sentences`."""
    experiment = Experiment(read_config(machine.ROOT / f"training_config/demo/{name}.jsonnet"))
    vocab, model = experiment.dry_run()
    loader = experiment.loader("train", vocab)
    model.eval()
    batch = loader.batch(sorted(range(len(loader)), key=loader.lengths.__getitem__)[-sentences:])

    def seconds(kind: Inference) -> float:
        model.inference = kind
        start = time.process_time()
        with torch.inference_mode():
            model.decode(model(batch), batch)
        return time.process_time() - start

    return seconds


def main() -> None:
    """Time all kinds on all graphs, and print and keep the ratios."""
    options = machine.parser(__doc__, "inference")
    options.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    options.add_argument("--sentences", type=int, default=32, help="of the batch (default: %(default)s)")
    chosen = options.parse_args()
    here = machine.describe(chosen.threads)
    os.chdir(machine.ROOT)  # the demos name their data from there
    ratios: dict[str, dict[str, float]] = {}
    for name, graph in GRAPHS.items():
        seconds = model_and_pass(name, chosen.sentences)
        kinds = {kind: Inference.from_params(Params(dict(values))) for kind, values in KINDS.items()}
        rounds = [{kind: seconds(made) for kind, made in kinds.items()} for _ in range(chosen.rounds + 1)]
        best = {kind: min(found[kind] for found in rounds[1:]) for kind in kinds}  # the first one warms up
        ratios[graph] = {kind: round(value / best["most_likely"], 1) for kind, value in best.items()}
        print(graph, ratios[graph])
    machine.write(chosen.output, here, {"sentences": chosen.sentences, "multiple of most_likely": ratios})


if __name__ == "__main__":
    main()
