"""Training on texts that lack the gold of a task whose label is handed on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from causal_mtl.data.loader import Batch
from causal_mtl.models.label_choice import InferredLabel
from causal_mtl.models.output import Loss, ModelOutput
from causal_mtl.models.passes import EvidencePass, TaskByTaskModel
from causal_mtl.models.paths import PATHS
from causal_mtl.models.sub_batch import some_texts, without_gold
from causal_mtl.models.task_graph import TaskGraph
from causal_mtl.nn.label_samplers import Gold, LabelSampler
from causal_mtl.nn.labels import log_probability
from causal_mtl.tasks import Head, Heads, Task


@dataclass(frozen=True)
class Completed:
    """What a training step works with.

    Attributes:
        batch: with the gold that losses are computed of.
        gold: that samplers are given, of the tasks that hand labels on; what was drawn for missing gold included.
        losses: to be added, by task, `()`.
        drawn: for which texts gold was drawn, by task, `(batch,)`.
        heads: of the model.
    """

    batch: Batch
    gold: dict[str, Gold]
    heads: Heads
    losses: dict[str, Tensor] = field(default_factory=dict)
    drawn: dict[str, Tensor] = field(default_factory=dict)

    def add_losses(self, result: ModelOutput, tasks: TaskGraph) -> ModelOutput:
        """Add what goes beyond the losses of the batch."""
        for name, total in self.losses.items():
            before = result.losses.get(name)
            total = total if before is None else before.total + total
            result.losses[name] = Loss(total, name, tasks[name].weight)
        if self.drawn:
            self._add_losses_of_drawn(result, tasks)
        return result

    def _add_losses_of_drawn(self, result: ModelOutput, tasks: TaskGraph) -> None:
        """−log p(a | X) of what was drawn: part of the loss of the next task with gold, for its gradient alone.

        With −log q(a | X, b) of the exact posterior q it would add up to a loss of −log p(b | X).
        """
        waiting = torch.zeros(len(self.batch), device=self.batch.mask.device)
        for task in tasks:
            if task.name in self.drawn:
                waiting = waiting + self._log_probability(task, result)
            if task.name in result.losses and task.name in self.batch.labels:
                known = self.batch.labels[task.name].annotated(waiting.device)
                loss = result.losses[task.name]
                here = waiting[known].sum()
                result.losses[task.name] = Loss(loss.total - (here - here.detach()), task.name, loss.weight)
                waiting = waiting.masked_fill(known, 0.0)

    def _log_probability(self, task: Task, result: ModelOutput) -> Tensor:
        """Of what was drawn for a task, `(batch,)`; 0 where nothing was."""
        head = self.heads[task.name]
        logits = head.label_logits(result.outputs[task.name])
        found = log_probability(logits, self.gold[task.name].labels, head.exclusive)
        counted = self.batch.mask[:, : found.shape[1]] & self.drawn[task.name].unsqueeze(1)
        return torch.where(counted, found, 0.0).sum(dim=1)


def complete(
    model: TaskByTaskModel, batch: Batch, sampler: LabelSampler, sources: Collection[str]
) -> Completed:
    """What is done about missing gold, as the sampler says.

    Args:
        model: in training mode.
        batch: with gold.
        sampler: of the model.
        sources: the tasks whose labels later tasks are given.
    """
    for name in sources:
        batch = without_gold(batch, model.tasks[name], _left_out(model, batch, name), model.vocab)
    gold = {name: _gold(model.heads[name], batch, name) for name in batch.labels if name in sources}
    lacking = {task.name: _lacking(batch, task.name) for task in model.tasks if task.name in sources}
    if sampler.missing == "sample" or not any(any(rows) for rows in lacking.values()):
        return Completed(batch, gold, model.heads)
    if sampler.missing == "drop":
        return Completed(_dropped(model, batch, lacking), gold, model.heads)
    after = _after(lacking, model.tasks, batch)
    rows = [row for row in range(len(batch)) if any(of_task[row] for of_task in after.values())]
    if not rows:
        return Completed(batch, gold, model.heads)
    if sampler.missing == "marginal":
        evidence = _evidence(model, batch, rows, sampler, sources)
        losses = {
            name: _loss(evidence, name, of_task, rows) for name, of_task in after.items() if any(of_task)
        }
        for name, of_task in after.items():
            batch = without_gold(batch, model.tasks[name], of_task, model.vocab)
        return Completed(batch, gold, model.heads, losses)
    with torch.no_grad():
        labels = _draw(_evidence(model, batch, rows, sampler, sources))
    chosen = torch.tensor(rows, device=batch.mask.device)
    drawn = {}
    for name, of_part in labels.items():
        drawn[name] = torch.zeros(len(batch), dtype=torch.bool, device=chosen.device)
        drawn[name][chosen] = torch.tensor([lacking[name][row] for row in rows], device=chosen.device)
        gold[name] = _with_drawn(gold.get(name), of_part, chosen, drawn[name])
    return Completed(batch, gold, model.heads, drawn=drawn)


def asks_for_marginal(sampler: Any) -> bool:
    """Whether the settings of a sampler, or of one within it, say `missing: "marginal"`."""
    if not isinstance(sampler, Mapping):
        return False
    return sampler.get("missing") == "marginal" or any(map(asks_for_marginal, sampler.values()))


def _dropped(model: TaskByTaskModel, batch: Batch, lacking: Mapping[str, list[bool]]) -> Batch:
    """The batch without the gold of tasks in the texts where that of a parent is lacking."""
    for task in model.tasks:
        parents = [lacking[parent] for parent in model.tasks.parents[task.name] if parent in lacking]
        batch = without_gold(batch, task, _any(parents, len(batch)), model.vocab)
    return batch


def _loss(evidence: EvidencePass, name: str, counted: Sequence[bool], rows: Sequence[int]) -> Tensor:
    """−log p(gold of a task | X, gold before it), summed over those of the texts `rows` that are `counted`."""
    found = evidence.likelihoods[name].total()
    return -found[torch.tensor([counted[row] for row in rows], device=found.device)].sum()


def _gold(head: Head, batch: Batch, name: str) -> Gold:
    labels = batch.labels[name]
    known = labels.annotated(batch.mask.device)[:, None, None]
    return Gold(head.labels(labels.targets, batch.mask), known)


def _left_out(model: TaskByTaskModel, batch: Batch, name: str) -> list[bool]:
    """Which texts have the one label that they may have, and the vocabulary not (`min_count`): it is not known."""
    task = model.tasks[name]
    if not (task.exclusive and task.level == "text") or name not in batch.labels:
        return [False] * len(batch)
    annotations = zip(batch.instances, batch.labels[name].annotations, strict=True)
    return [found is not None and not task.targets(text, model.vocab) for text, found in annotations]


def _lacking(batch: Batch, name: str) -> list[bool]:
    """Which texts have no gold of a task."""
    if name not in batch.labels:
        return [True] * len(batch)
    return [annotation is None for annotation in batch.labels[name].annotations]


def _any(rows: Sequence[Sequence[bool]], size: int) -> list[bool]:
    return [any(of_one[number] for of_one in rows) for number in range(size)]


def _after(lacking: Mapping[str, list[bool]], tasks: TaskGraph, batch: Batch) -> dict[str, list[bool]]:
    """For each task with gold: in which texts it has some, and a task before it that hands its label on has none.

    All earlier tasks count, not parents alone: states may carry their labels further.
    """
    found: dict[str, list[bool]] = {}
    before: list[list[bool]] = []
    for task in tasks:
        if task.name in batch.labels:
            own = _lacking(batch, task.name)
            earlier = _any(before, len(batch))
            found[task.name] = [left and not right for left, right in zip(earlier, own, strict=True)]
        before += [lacking[task.name]] if task.name in lacking else []
    return found


def _evidence(
    model: TaskByTaskModel, batch: Batch, rows: Sequence[int], sampler: LabelSampler, sources: Collection[str]
) -> EvidencePass:
    """Goes with the texts `rows` through all tasks, for all labels that are missing; known gold is set."""
    part = some_texts(batch, rows, list(model.tasks), model.vocab)
    known = {name: labels for name, labels in part.labels.items() if name in sources}
    evidence = EvidencePass(model, part, dict.fromkeys(PATHS, known), InferredLabel.fresh(sampler.marginal))
    chosen = torch.tensor(rows, device=batch.mask.device)
    # All texts are embedded: the rows of a batch's inputs need not be its texts (windows of long ones, say).
    model.go(evidence, {name: tokens[chosen] for name, tokens in model.embed(batch).items()})
    return evidence


def _draw(evidence: EvidencePass) -> dict[str, Tensor]:
    """The labels of one world per text, drawn by weight, by task, `(batch, positions, labels)`."""
    weights = torch.cat([worlds.log_weights for worlds in evidence.last])
    chosen = weights.T.softmax(dim=-1).multinomial(1).squeeze(1)
    texts = torch.arange(len(chosen), device=chosen.device)
    names = evidence.last[0].handed_on["direct"]
    return {
        name: torch.cat(
            [worlds.handed_on["direct"][name].unflatten(0, (len(worlds), -1)) for worlds in evidence.last]
        )[chosen, texts]
        for name in names
    }


def _with_drawn(gold: Gold | None, labels: Tensor, rows: Tensor, drawn: Tensor) -> Gold:
    """Gold, and in the `drawn` texts what was drawn: `labels` are those of the texts `rows`."""
    size = (len(drawn), *labels.shape[1:])
    of_all = labels.new_zeros(size).index_copy(0, rows, labels)
    if gold is None:
        return Gold(of_all, drawn[:, None, None])
    here = drawn[:, None, None]
    return Gold(torch.where(here, of_all, gold.labels.to(of_all.dtype)), gold.known | here)
