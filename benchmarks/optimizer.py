"""A step of AdamW on the CPU: torch's default against the one pass per tensor that trainings make, side by side.

python benchmarks/optimizer.py

CPU time, so that what else runs on the machine weighs less; sides take turns, the median counts.
"""

from __future__ import annotations

import time
from statistics import median

import machine
import torch
from torch import nn

from causal_mtl.common import Lazy
from causal_mtl.training import Optimizer
from causal_mtl.training.optimizers import make_optimizer

STEPS = 11


def transformer() -> nn.Module:
    """A BERT of base size: 12 layers of 768 numbers, 30,000 word pieces."""
    layers = [nn.TransformerEncoderLayer(768, 12, 3072) for _ in range(12)]
    return nn.ModuleList([nn.Embedding(30_000, 768), *layers])


def recurrent() -> nn.Module:
    """What a model with word vectors trains: vectors of 6,000 words, an encoder, two heads."""
    encoder = nn.LSTM(150, 100, bidirectional=True)
    return nn.ModuleList([nn.Embedding(6_000, 100), encoder, nn.Linear(200, 200), nn.Linear(200, 200)])


def step_seconds(model: nn.Module) -> dict[str, float]:
    """CPU seconds of a step by side."""
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    adamw = Optimizer.by_name("adamw")
    sides = {
        "torch": make_optimizer(model, Lazy(adamw, {"fused": False}), []),
        "ours": make_optimizer(model, Lazy(adamw), []),
    }
    times: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(STEPS):
        for side, optimizer in sides.items():
            began = time.process_time()
            optimizer.step()
            times[side].append(time.process_time() - began)
    return {side: median(seconds[1:]) for side, seconds in times.items()}  # the first step makes the state


def main() -> None:
    options = machine.parser(__doc__, "optimizer").parse_args()
    here = machine.describe(options.threads)
    figures = {}
    for make in (transformer, recurrent):
        model = make()
        millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
        seconds = step_seconds(model)
        ratio = seconds["torch"] / seconds["ours"]
        figures[make.__name__] = {"million_parameters": millions, **seconds, "ratio": ratio}
        print(
            f"{make.__name__}, {millions:.1f} million parameters: torch {1000 * seconds['torch']:.1f} ms,"
            f" ours {1000 * seconds['ours']:.1f} ms: {ratio:.1f} times as fast"
        )
    machine.write(options.output, here, figures)


if __name__ == "__main__":
    main()
