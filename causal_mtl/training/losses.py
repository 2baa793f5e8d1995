"""Sums of losses with the counts they are divided by: what a step, an epoch and an evaluation all report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from causal_mtl.models import ModelOutput
from causal_mtl.training.non_finite import CAUSES, NonFiniteLossError


class LossSums:
    """Per loss: its plain sum, its weighted sum and the number of sentences that carry its task.

    Sums of several micro-batches, steps or processes add up, so a mean over an epoch is a mean over its
    sentences and not a mean over batches of different sizes.
    """

    def __init__(self) -> None:
        self.sums: dict[str, list[float]] = {}  # name -> [sum, weighted sum, count]

    def add(self, name: str, total: float, weight: float, count: int) -> None:
        """Add one loss of one batch: `total` is a sum over the `count` sentences that carry its task."""
        row = self.sums.setdefault(name, [0.0, 0.0, 0])
        row[0] += total
        row[1] += weight * total
        row[2] += count

    def update(self, other: LossSums) -> None:
        """Add all that `other` holds."""
        for name, values in other.sums.items():
            row = self.sums.setdefault(name, [0.0, 0.0, 0])
            for i, value in enumerate(values):
                row[i] += value

    @classmethod
    def merged(cls, parts: Iterable[LossSums]) -> LossSums:
        """The sums of all `parts` (processes, say) together."""
        result = cls()
        for part in parts:
            result.update(part)
        return result

    def means(self) -> dict[str, float]:
        """Means over sentences: "loss", weighted and over all, and each unweighted; {} if empty.

        A task's own loss is called "<task>/loss"; further parts, such as "<task>/kl", keep their name.
        """
        present = {name: row for name, row in sorted(self.sums.items()) if row[2]}
        if not present:
            return {}
        total = sum(weighted / count for _, weighted, count in present.values())
        return {"loss": total} | {
            (name if "/" in name else f"{name}/loss"): plain / count
            for name, (plain, _, count) in present.items()
        }

    def check_finite(self, where: str) -> None:
        """Raise `NonFiniteLossError` that names each loss that is NaN or infinite."""
        bad = [f"'{name}' is {row[0]}" for name, row in self.sums.items() if not math.isfinite(row[0])]
        bad += [
            f"'{name}' times its weight is {row[1]}"
            for name, row in self.sums.items()
            if math.isfinite(row[0]) and not math.isfinite(row[1])
        ]
        if bad:
            raise NonFiniteLossError(
                f"the loss of {' and '.join(bad)} {where}. The weights have not been updated with it. {CAUSES}"
            )


def add_losses(sums: LossSums, batches: Iterable[tuple[ModelOutput, Mapping[str, int]]]) -> None:
    """Add losses and watched quantities of several batches, each with its own counts, to `sums`.

    The values leave the device in one transfer, so a step waits for the accelerator once.
    """
    entries: list[tuple[str, Tensor, float, int]] = []
    for output, counts in batches:
        for name, loss in output.losses.items():
            entries.append((name, loss.total, loss.weight, counts.get(loss.task, 0)))
        for name, watched in output.watched.items():
            entries.append((name, watched.total, 0.0, counts.get(watched.task, 0)))
    entries = [entry for entry in entries if entry[-1]]
    if entries:
        totals = torch.stack([total.detach().float().reshape(()) for _, total, _, _ in entries]).tolist()
        for (name, _, weight, count), total in zip(entries, totals, strict=True):
            sums.add(name, total, float(weight), count)
