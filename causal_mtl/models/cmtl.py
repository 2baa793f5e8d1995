"""Causal multi-task learning: labels are handed from task to task (CMTL, EMNLP 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import Tensor

from causal_mtl.common import (
    ConfigurationError,
    Construct,
    Late,
    Lazy,
    Name,
    NonNegativeFloat,
    Probability,
    Problem,
)
from causal_mtl.data.loader import Batch
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models.constraints import Constraints
from causal_mtl.models.handing import Handing
from causal_mtl.models.label_choice import InferredLabel, SampledLabel
from causal_mtl.models.levels import level_of, require_level
from causal_mtl.models.missing_gold import asks_for_marginal, complete
from causal_mtl.models.model import Labels, Model
from causal_mtl.models.output import ModelOutput
from causal_mtl.models.passes import Pass, ScoringPass, TaskByTaskModel
from causal_mtl.models.paths import PATHS, Path, open_paths, paths_problem
from causal_mtl.models.worlds import Waiting, Worlds
from causal_mtl.nn.architectures import Architecture, Hierarchical
from causal_mtl.nn.encoders import Encoder
from causal_mtl.nn.inference import Inference, MostLikely
from causal_mtl.nn.label_samplers import GumbelSampler, LabelSampler
from causal_mtl.nn.label_transfer import LabelTransfer, LSTMTransfer
from causal_mtl.nn.named_modules import NamedModules
from causal_mtl.nn.pooling import max_over_tokens
from causal_mtl.nn.stochastic_maps import StochasticMap, draws
from causal_mtl.nn.text_embedder import TextEmbedder
from causal_mtl.nn.token_embedders import TokenEmbedder
from causal_mtl.tasks import Task

ALL_TASKS = "all"
KL_WEIGHT = 1e-3


@Model.register("cmtl")
class CausalMultiTaskModel(TaskByTaskModel):
    """CMTL and its baselines. Registered as a `Model` with name "cmtl".

    Task by task, in the order of the graph: the labels of a task's parents are transferred to one state a token
    (eq. 1–2), which its encoder (eq. 4, the *indirect* path) and its head (eq. 7, the *direct* path) are
    given. What a task hands on in training is a sample of its label, or gold (`label_sampler`); in evaluation
    the most likely label, or whatever else `inference` says; and always the label that it is set to.

    Args:
        vocab: filled in.
        embedder: token embedders by the name of their token indexer; their vectors are put side by side.
        tasks: in order.
        encoder: of each task, and what the tasks share (None: the architecture's default).
        architecture: how the encoders stand to each other.
        label_transfer: how the labels of a task's parents become one state.
        paths: along which labels are transferred (None: along those that the architecture has, which is both
            unless it is fully shared).
        label_sampler: what a task hands on in training.
        inference: what a task hands on in evaluation and prediction ("most_likely" unless given).
        stochastic_map: draws each task's representation from its states and the labels transferred to its
            head, as in PMEI (None: the states are the representation); one per text, from the maxima over its
            tokens, where no task labels tokens. Neither paper tried this.
        kl_weight: of the KL of `stochastic_map` (None: 1e-3).
        embedding_dropout: on the embedded tokens.
        encoder_dropout: on the encoded states.
        constraints: which labels may be predicted together: "none" for all, "training" for those that it showed
            together, or a list (docs/consistency.md).
    """

    two_paths: ClassVar[bool] = True

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: dict[Name, TokenEmbedder],
        tasks: list[Task],
        encoder: Annotated[Lazy[Encoder], Late("input_size")] | None = None,
        architecture: Annotated[
            Lazy[Architecture], Late("input_size", "transfer_sizes", "parents", "encoder", "dropout")
        ] = Lazy(Hierarchical),
        label_transfer: Annotated[Lazy[LabelTransfer], Late("label_sizes")] = Lazy(LSTMTransfer),
        paths: Literal["both", "direct", "indirect"] | None = None,
        label_sampler: LabelSampler | None = None,
        inference: Inference | None = None,
        stochastic_map: Annotated[Lazy[StochasticMap], Late("size", "label_size")] | None = None,
        kl_weight: NonNegativeFloat | None = None,
        embedding_dropout: Probability = 0.0,
        encoder_dropout: Probability = 0.0,
        constraints: Constraints = "none",
    ) -> None:
        super().__init__(vocab, tasks, constraints)
        parents = self.tasks.parents
        self.label_sampler = label_sampler or GumbelSampler()
        self.inference = inference or MostLikely()
        self.kl_weight = KL_WEIGHT if kl_weight is None else kl_weight

        sources = {parent for task in self.tasks for parent in parents[task.name]}
        self.label_transfer = label_transfer.construct(
            label_sizes={task.name: task.num_labels(vocab) for task in self.tasks if task.name in sources}
        )
        widths = {task.name: self.label_transfer.output_dim(len(parents[task.name])) for task in self.tasks}
        # Whose labels anybody is given: the others need not be sampled.
        self._sources = sources if any(widths.values()) else set()

        text = TextEmbedder(embedder, embedding_dropout)
        none = dict.fromkeys(widths, 0)
        self.architecture = architecture.construct(
            input_size=text.output_dim,
            transfer_sizes=none if paths == "direct" else widths,
            parents=parents,
            dropout=encoder_dropout,
            **({"encoder": encoder} if encoder else {}),
        )
        require_level(tasks, type(self.architecture))
        self._open = open_paths(paths, self.architecture)
        direct = widths if "direct" in self._open else none
        self.embedders = NamedModules(
            {name: deepcopy(text) for name in widths}
            if self.architecture.separate_embedders
            else {ALL_TASKS: text}
        )
        sizes = {name: self.architecture.output_dim(name) for name in widths}
        self._of_texts = level_of(tasks) == "text"
        self.maps = NamedModules(
            {
                name: stochastic_map.construct(size=size, label_size=direct[name])
                for name, size in sizes.items()
            }
            if stochastic_map
            else {}
        )
        inputs = {name: size + direct[name] for name, size in sizes.items()}
        if blind := [name for name, width in inputs.items() if not width]:
            raise ConfigurationError(
                f"the head of {blind[0]!r} would see nothing: its architecture gives it no states, and no "
                "labels are transferred to it (see architecture.tasks, paths and label_transfer)"
            )
        self.heads = self.make_heads(inputs)

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """Settings that would have no effect, and paths that the architecture has not."""
        yield from super().config_problems(config)
        mapped = draws(config.component("stochastic_map"))
        if config.says("kl_weight") and not mapped:
            yield config.problem(
                "kl_weight", "has no effect, as no map draws anything: leave it out", "stochastic_map"
            )
        if mapped and asks_for_marginal(config.get("label_sampler")):
            yield config.problem(
                "label_sampler",
                "'missing: marginal' would leave the KL of texts without gold out: take the sampler 'posterior'",
                "stochastic_map",
            )
        if not getattr(config.component("label_transfer"), "transfers", True):
            for key in ("paths", "label_sampler", "inference"):
                if config.says(key):
                    yield config.problem(
                        key, "has no effect, as no labels are transferred: leave it out", "label_transfer"
                    )
        elif problem := paths_problem(config.get("paths"), config.component("architecture")):
            yield config.problem("paths", problem, "architecture")

    def forward(
        self, batch: Batch, labels: Labels | None = None, encoder_labels: Labels | None = None
    ) -> ModelOutput:
        """Score a batch, task by task.

        Args:
            batch: with gold labels in training and evaluation, without in prediction.
            labels: of tasks that are set and not predicted.
            encoder_labels: what encoders see in place of `labels`, so that the two paths can be told apart:
                `{}` sets labels on the direct path only.
        """
        direct = self.given(labels)
        given: dict[Path, Labels] = {
            "direct": direct,
            "indirect": direct if encoder_labels is None else self.given(encoder_labels),
        }
        if self.training:
            return self._train(batch, given)
        scoring = ScoringPass(self, batch, given, InferredLabel.of(self.inference, batch), self.kl_weight)
        self.go(scoring, self.embed(batch))
        return scoring.finish()

    def reached_from(self, name: str) -> set[str]:
        """Those that have it as a parent, those that have these, and so on; all that are later if states recur."""
        reached: set[str] = set()
        recurs = self.architecture.recurs and "indirect" in self._open
        for task in self.tasks:  # parents come first
            if (recurs and reached) or not reached.union({name}).isdisjoint(self.tasks.parents[task.name]):
                reached.add(task.name)
        return reached

    def begin_epoch(self, epoch: int) -> None:
        """Let the label sampler follow its schedule."""
        self.label_sampler.begin_epoch(epoch)

    def go(self, forward_pass: Pass, embedded: dict[str, Tensor]) -> None:
        """Take a batch through all tasks, in their order."""
        batch = forward_pass.batch
        carried = self.architecture.start(embedded, batch.mask)
        weights = torch.zeros(1, len(batch), device=batch.mask.device)
        worlds = Worlds(self.architecture.positions(batch.mask), carried, weights)
        waiting = self._visit(list(self.tasks), worlds, forward_pass)
        while waiting:
            waiting = self._go_on(Waiting.joined(waiting, self.architecture), forward_pass)

    def _train(self, batch: Batch, given: dict[Path, Labels]) -> ModelOutput:
        """The one pass of training, and what is done for texts without gold."""
        completed = complete(self, batch, self.label_sampler, self._sources)
        choice = SampledLabel(self.label_sampler, completed.gold)
        scoring = ScoringPass(self, completed.batch, given, choice, self.kl_weight)
        self.go(scoring, self.embed(batch))
        result = completed.add_losses(scoring.finish(), self.tasks)
        self._watch(batch, result)
        return result

    def embed(self, batch: Batch) -> dict[str, Tensor]:
        """E of each task, `(batch, tokens, …)`."""
        embedded = {name: embed(batch.inputs, batch.mask) for name, embed in self.embedders.items()}
        return {task.name: embedded[task.name if task.name in embedded else ALL_TASKS] for task in self.tasks}

    def _visit(self, tasks: Sequence[Task], worlds: Worlds, forward_pass: Pass) -> list[Waiting]:
        """Predict `tasks` in some worlds; where one of them has several labels, the rest in as many.

        Returns:
            Those that got no further than a task which hands labels on in all worlds at once.
        """
        for number, task in enumerate(tasks):
            hands_on = task.name in self._sources
            logits = forward_pass.see(task, self._outputs(task, worlds, forward_pass), worlds, hands_on)
            worlds = forward_pass.weighed(task, worlds)
            if logits is not None:
                return self._go_on(Waiting(tasks[number:], logits, worlds), forward_pass)
        forward_pass.end(worlds)
        return []

    def _go_on(self, seen: Waiting, forward_pass: Pass) -> list[Waiting]:
        """Hand the label of a task on and predict the rest, some worlds at a time; returns as `_visit` does."""
        task, *rest = seen.tasks
        handing = Handing(task, self.heads[task.name], self.architecture, forward_pass)
        if handing.needs_all_worlds(seen.logits, seen.worlds):
            return [seen]
        worlds = handing.hand_on(seen.logits, seen.worlds)
        return [
            waiting
            for part in worlds.parts(self.architecture)
            for waiting in self._visit(rest, part, forward_pass)
        ]

    def _outputs(self, task: Task, worlds: Worlds, forward_pass: Pass) -> list[Any]:
        """What the head of a task makes of each world."""
        direct, indirect = self._transfer(task.name, worlds, forward_pass)
        states = self.architecture(task.name, indirect, worlds.carried)
        mask = worlds.mask
        if task.name in self.maps:
            if self._of_texts:
                states, direct = (
                    max_over_tokens(part, worlds.rows_mask)[:, None] for part in (states, direct)
                )
                mask = mask[:, :1]
            mapped = self.maps[task.name](states, direct)
            forward_pass.see_mapped(task, mapped, worlds)
            states = mapped.value
        joint = torch.cat([states, direct], dim=-1)
        return [self.heads[task.name](world, mask) for world in worlds.of_each(joint)]

    def _transfer(self, name: str, worlds: Worlds, forward_pass: Pass) -> list[Tensor]:
        """Transferred labels (eq. 2) for the head and for the encoder of a task; of width 0 on a closed path."""
        parents = self.tasks.parents[name] if self._sources else ()
        mask = worlds.rows_mask
        given = [{parent: worlds.handed_on[path][parent] for parent in parents} for path in PATHS]
        # One object, not equal ones: then the labels of both paths are the same by construction, those that are
        # predicted included. Labels that a caller gives twice are merely folded twice.
        if len(self._open) == len(PATHS) and forward_pass.given["direct"] is forward_pass.given["indirect"]:
            return [self.label_transfer(given[0], mask)] * len(PATHS)
        return [
            self.label_transfer(labels if path in self._open else {}, mask)
            for path, labels in zip(PATHS, given, strict=True)
        ]

    def _watch(self, batch: Batch, result: ModelOutput) -> None:
        """Log what the sampler does with the labels that are handed on, such as the temperature."""
        for name in self._sources & batch.labels.keys():
            for quantity, value in self.label_sampler.watched().items():
                total = torch.tensor(value * batch.counts[name], device=batch.mask.device)
                result.watch(f"{name}/{quantity}", total, name)
