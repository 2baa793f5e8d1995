"""The base of all models: heads over a graph of tasks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from causal_mtl.common import ConfigurationError, Construct, Problem, Registrable
from causal_mtl.common.text import join
from causal_mtl.data.instance import Annotation, Instance
from causal_mtl.data.label_distribution import LabelDistribution
from causal_mtl.data.loader import Batch, Loader, TaskLabels
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Inconsistency, Metric
from causal_mtl.models.constraints import (
    Combinations,
    ConstrainedDecoding,
    Constraints,
    constraint_problems,
    forbids,
    label_problems,
    rules_of,
)
from causal_mtl.models.output import Loss, ModelOutput
from causal_mtl.models.task_graph import TaskGraph
from causal_mtl.nn.pooling import Level
from causal_mtl.tasks import Head, Heads, Task

Labels = Mapping[str, TaskLabels | LabelDistribution]
"""Labels that are set, by task: gold in training, a person's correction, or an intervention. A sentence whose
annotation is None has none set: it is predicted. A distribution sets what other tasks are given, not what is
decoded."""


class Model(nn.Module, Registrable):
    """Predicts the tasks of a graph from a batch.

    A subclass wires embedder, encoders and heads in `forward`; it finds its heads in `heads` by task name.

    Args:
        vocab: filled in.
        tasks: the graph, in order.
        constraints: which labels may be predicted together (docs/consistency.md).
    """

    default_implementation = "mtl"

    level: ClassVar[Level] = "tokens"
    """Whether it has states of tokens, which all tasks can read, or of whole texts only."""

    two_paths: ClassVar[bool] = False
    """Whether `forward` takes `encoder_labels`, to tell what labels do to heads from what to encoders."""

    heads: Heads
    """The final head of each task, by name: a subclass sets it."""

    def __init__(self, vocab: Vocabulary, tasks: Sequence[Task], constraints: Constraints = "none") -> None:
        super().__init__()
        self.vocab = vocab
        self.tasks = TaskGraph(tasks)
        self.combinations = Combinations(self.tasks.links())
        self.constrain(constraints)

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """Constraints between tasks that have none to offer."""
        try:
            links = TaskGraph(config.at("tasks").build()).links()
            given: Any = config.at("constraints").build() if config.says("constraints") else "none"
        except (ConfigurationError, KeyError):
            return  # reported elsewhere
        for key, message in constraint_problems(given, links):
            yield Problem(join(config.path, "constraints") + key, message)

    def constrain(self, constraints: Constraints) -> None:
        """From now on decode under these constraints, whatever the model was trained with.

        Raises:
            ConfigurationError: the graph has no such tasks, a task no such label, or a constraint forbids nothing.
        """
        links = self.combinations.links
        problems = [f"constraints{key}: {text}" for key, text in constraint_problems(constraints, links)]
        problems = problems or label_problems(constraints, links, self._linked_labels())
        if problems:
            raise ConfigurationError("\n".join(problems))
        self.constraints: Constraints = constraints
        self._decoding: ConstrainedDecoding | None = None

    def learn_combinations(self, instances: Iterable[Instance]) -> None:
        """Before training: see which labels its data shows together.

        Raises:
            ConfigurationError: these constraints cannot be learned from it, or would forbid nothing.
        """
        labels = self._linked_labels()
        self.combinations.learn(instances, labels)
        self.decoding()
        rules = rules_of(self.constraints, self.combinations)
        if rules and not any(forbids(link, of_link, labels) for link, of_link in rules.items()):
            raise ConfigurationError(
                "constraints: have no effect, as training shows all labels together: leave them out"
            )

    def start_from_combinations(self, other: Model) -> None:
        """Add what another model's training showed, whose weights this one starts from."""
        self.combinations.update(other.combinations)
        self._decoding = None

    def consistency(self) -> list[tuple[str, Metric]]:
        """New metrics of all tasks' annotations together, each with the task under whose name it is reported."""
        return [(link.task, Inconsistency(link, seen)) for link, seen in self.combinations.seen.items()]

    def decoding(self) -> ConstrainedDecoding:
        """What decodes under the constraints that hold now.

        Raises:
            ConfigurationError: they allow nothing, or training has shown nothing to learn them from.
        """
        if self._decoding is None:
            rules = rules_of(self.constraints, self.combinations)
            self._decoding = ConstrainedDecoding(
                self.heads, self.combinations.links, rules, self._linked_labels()
            )
        return self._decoding

    def _linked_labels(self) -> dict[str, list[str]]:
        """The labels of the tasks that are linked, in the order of their indices."""
        names = {name for link in self.combinations.links for name in (link.task, link.other)}
        return {name: self.tasks[name].label_names(self.vocab) for name in names}

    def make_heads(self, input_sizes: Mapping[str, int]) -> Heads:
        """One new head per task, over states of the width given for it."""
        return Heads({task.name: task.head(input_sizes[task.name], self.vocab) for task in self.tasks})

    @abstractmethod
    def forward(self, batch: Batch, labels: Labels | None = None) -> ModelOutput:
        """Score a batch.

        Args:
            batch: with gold labels in training and evaluation, without in prediction.
            labels: of tasks that are set and not predicted; what other tasks make of them is the model's.
        """
        raise NotImplementedError

    def given(self, labels: Labels | None) -> Labels:
        """The labels that are set; none if `labels` is None.

        Raises:
            ConfigurationError: one is of a task that this model does not have.
        """
        for name in labels or ():
            if name not in self.tasks:
                there = ", ".join(task.name for task in self.tasks)
                raise ConfigurationError(f"labels: there is no task {name!r} to set (tasks: {there})")
        return labels or {}

    def reached_from(self, name: str) -> set[str]:
        """The tasks whose predictions a set label of the task `name` may change; here: all others."""
        return {task.name for task in self.tasks if task.name != name}

    def add_losses(self, result: ModelOutput, batch: Batch) -> ModelOutput:
        """Add to `result` the loss of each final head that has none yet and whose task `batch` has gold of."""
        for name, gold in batch.labels.items():
            if name not in result.losses:
                loss = self.heads[name].loss(result.outputs[name], gold.targets)
                result.losses[name] = Loss(loss, name, self.tasks[name].weight)
        return result

    def add_head_loss(
        self,
        task: Task,
        head: Head,
        output: Any,
        batch: Batch,
        result: ModelOutput,
        part: str = "",
        weight: float = 1.0,
    ) -> Tensor:
        """The label logits of a head's output; on the way its loss is added to `result`, if the batch has gold.

        Args:
            task: the head's.
            head: final or early.
            output: of `head`.
            batch: with or without gold.
            result: gets the loss `task`, or `task/part`.
            part: says which head, if it is not the final one.
            weight: of the loss, besides the task's own.
        """
        gold = batch.labels.get(task.name)
        if gold is None:
            return head.label_logits(output)
        loss, label_logits = head.loss_and_label_logits(output, gold.targets)
        name = f"{task.name}/{part}" if part else task.name
        result.losses[name] = Loss(loss, task.name, weight * task.weight)
        return label_logits

    def set_labels(
        self, predicted: Tensor, head: Head, given: TaskLabels | LabelDistribution, mask: Tensor
    ) -> Tensor:
        """Labels as other tasks see them: those that are set, and `predicted` for sentences without (None).

        Args:
            predicted: `(batch, tokens or 1, labels)`.
            head: of the task.
            given: the labels that are set.
            mask: True at real tokens, `(batch, tokens)`.
        """
        known = given.annotated(mask.device)[:, None, None]
        return torch.where(known, as_labels(given, head, mask).to(predicted.dtype), predicted)

    def label_rows(self) -> dict[str, Sequence[str]]:
        """What each row stands for of the weights that have rows for labels, by the weight's name."""
        return {
            f"{path}.{name}": labels
            for path, part in self.named_modules(remove_duplicate=False)
            if isinstance(part, Head)
            for name, labels in part.label_rows().items()
        }

    def begin_epoch(self, epoch: int) -> None:
        """Told by training at the start of each epoch, from 1, for models with parts that have a schedule."""

    def decode(
        self, output: ModelOutput, batch: Batch, labels: Labels | None = None
    ) -> list[dict[str, Annotation]]:
        """One annotation per task for each sentence, under the constraints; labels that are set are kept."""
        decoded: dict[str, Sequence[Annotation]] = {}
        given = self.given(labels)
        together = self.decoding().decode(output.outputs, given)
        for task in self.tasks:
            fixed = given[task.name].annotations if task.name in given else [None] * len(batch)
            kept = [annotation for annotation in fixed if annotation is not None]
            if len(kept) < len(batch):
                found = together.get(task.name) or self.heads[task.name].decode(
                    output.outputs[task.name], batch.instances, decoded
                )
                kept = [one if one is not None else other for one, other in zip(fixed, found, strict=True)]
            decoded[task.name] = kept
        return [{name: found[row] for name, found in decoded.items()} for row in range(len(batch))]

    def initialize(self, loader: Loader) -> None:
        """Before training: start output biases at the priors of the training labels, weigh rare labels.

        What labels occur together is learned, too.
        """
        self.learn_combinations(loader.instances)
        self.initialize_heads(self.heads, loader)

    def initialize_heads(self, heads: Heads, loader: Loader) -> None:
        """Show `heads`, by task, the training labels; their biases start at the priors where the task wants it."""
        for name, head in heads.items():
            head.prepare(loader.targets(name))
            if self.tasks[name].prior_bias:
                head.initialize(loader.targets(name), loader.num_tokens)


def as_labels(given: TaskLabels | LabelDistribution, head: Head, mask: Tensor) -> Tensor:
    """Labels that are set as other tasks see them, `(batch, tokens or 1, labels)`; what they are where none is
    set means nothing.

    Args:
        given: labels, or a distribution, which is handed on as it is.
        head: of their task.
        mask: True at real tokens, `(batch, tokens)`.
    """
    if isinstance(given, LabelDistribution):
        return given.probabilities
    return head.labels(given.targets, mask)
