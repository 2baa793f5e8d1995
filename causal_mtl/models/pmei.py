"""Progressive multi-task learning with explicit interactions (PMEI, AAAI 2021)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import torch
from torch import Tensor, nn

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
from causal_mtl.data.loader import Batch, Loader
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models.constraints import Constraints
from causal_mtl.models.levels import level_of
from causal_mtl.models.model import Labels, Model
from causal_mtl.models.output import ModelOutput
from causal_mtl.nn.encoders import BiLSTM, Encoder
from causal_mtl.nn.labels import probabilities
from causal_mtl.nn.named_modules import NamedModules
from causal_mtl.nn.pooling import max_over_tokens
from causal_mtl.nn.stochastic_maps import GRUMap, StochasticMap, draws
from causal_mtl.nn.text_embedder import TextEmbedder
from causal_mtl.nn.token_embedders import TokenEmbedder
from causal_mtl.tasks import Heads, Task

Weight = NonNegativeFloat | dict[str, NonNegativeFloat]

ALPHA, BETA = 0.1353, 0.000912  # e⁻² and e⁻⁷


@Model.register("pmei")
class ProgressiveModel(Model):
    """PMEI, its ablations, and with one task the models of its figure 1. Registered as a `Model` with name "pmei".

    Early heads on the shared states H predict every task; each task's stochastic map refines H by what it sees
    of these early predictions to a representation of its own (eq. 7), which its final head reads. The loss is
    Σ β KL + α L' + L (eq. 15).

    Where no task labels tokens, H is one state per text, the maximum over its tokens. So a label of a text costs
    the KL of one state: summed over hundreds of tokens, the KL would outweigh the label.

    Args:
        vocab: filled in.
        embedder: token embedders by the name of their token indexer; their vectors are put side by side.
        tasks: in order.
        encoder: shared by all tasks.
        stochastic_map: from H and early predictions to a task's representation.
        interaction: whose early predictions a map sees: of "all" tasks, of its "own" (without interaction), or
            of "none": then there are no early heads, and the prior is N(0, I) ("MTL with SM").
        alpha: weight of the early losses L', for all tasks or by task (None: e⁻²).
        beta: weight of the KL, for all tasks or by task (None: e⁻⁷).
        embedding_dropout: on the embedded tokens.
        encoder_dropout: on the encoded states.
        constraints: which labels may be predicted together: "none" for all, "training" for those that it showed
            together, or a list (docs/consistency.md).
    """

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: dict[Name, TokenEmbedder],
        tasks: list[Task],
        encoder: Annotated[Lazy[Encoder], Late("input_size")] = Lazy(BiLSTM),
        stochastic_map: Annotated[Lazy[StochasticMap], Late("size", "label_size")] = Lazy(GRUMap),
        interaction: Literal["all", "own", "none"] = "all",
        alpha: Weight | None = None,
        beta: Weight | None = None,
        embedding_dropout: Probability = 0.0,
        encoder_dropout: Probability = 0.0,
        constraints: Constraints = "none",
    ) -> None:
        super().__init__(vocab, tasks, constraints)
        self._of_texts = level_of(tasks) == "text"
        names = [task.name for task in self.tasks]
        self.alpha = _by_task("alpha", ALPHA if alpha is None else alpha, names)
        self.beta = _by_task("beta", BETA if beta is None else beta, names)
        self._seen = {name: {"all": names, "own": [name], "none": []}[interaction] for name in names}
        self.embedder = TextEmbedder(embedder, embedding_dropout)
        self.encoder = encoder.construct(input_size=self.embedder.output_dim)
        self.dropout = nn.Dropout(encoder_dropout)
        size = self.encoder.get_output_dim()
        widths = {task.name: task.num_labels(vocab) for task in self.tasks}
        self.early_heads = Heads() if interaction == "none" else self.make_heads(dict.fromkeys(names, size))
        self.maps = NamedModules(
            {
                name: stochastic_map.construct(size=size, label_size=sum(widths[other] for other in seen))
                for name, seen in self._seen.items()
            }
        )
        self.heads = self.make_heads(dict.fromkeys(names, size))

    @classmethod
    def config_problems(cls, config: Construct) -> Iterator[Problem]:
        """Settings that would have no effect, and weights of tasks that are not there."""
        yield from super().config_problems(config)
        if config.says("alpha") and config.get("interaction") == "none":
            yield config.problem(
                "alpha", "has no effect, as there are no early heads: leave it out", "interaction"
            )
        if config.says("beta") and not draws(config.component("stochastic_map")):
            yield config.problem(
                "beta", "has no effect, as the map draws nothing: leave it out", "stochastic_map"
            )
        tasks = config.get("tasks")
        names = [task["name"] if isinstance(task, dict) else task.name for task in tasks]
        for key in ("alpha", "beta"):
            if problem := _weight_problem(config.get(key), names):
                yield config.problem(key, problem, "tasks")

    def forward(self, batch: Batch, labels: Labels | None = None) -> ModelOutput:
        """Encode, predict early, refine, predict; a label that is set replaces its task's early prediction."""
        states, mask = self._encode(batch)
        result = ModelOutput({})
        early = self._predict_early(states, mask, batch, self.given(labels), result)
        for task in self.tasks:
            seen = torch.cat([states[..., :0], *(early[other] for other in self._seen[task.name])], dim=-1)
            mapped = self.maps[task.name](states, seen)
            result.add_information(task.name, mapped, batch, self.beta[task.name])
            result.outputs[task.name] = self.heads[task.name](mapped.value, mask)
        return self.add_losses(result, batch)

    def _encode(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """H, `(batch, tokens, size)`, and its mask, `(batch, tokens)`; 1 in place of tokens if it is of texts."""
        states = self.dropout(self.encoder(self.embedder(batch.inputs, batch.mask), batch.mask))
        if self._of_texts:
            return max_over_tokens(states, batch.mask).unsqueeze(1), batch.mask[:, :1]
        return states, batch.mask

    def _predict_early(
        self, states: Tensor, mask: Tensor, batch: Batch, given: Labels, result: ModelOutput
    ) -> dict[str, Tensor]:
        """Y' of each task at every state, `(batch, tokens or 1, labels)`; zero at padding."""
        early = {}
        real = mask.unsqueeze(-1)
        for name, head in self.early_heads.items():
            output = head(states, mask)
            label_logits = self.add_head_loss(
                self.tasks[name], head, output, batch, result, "early", self.alpha[name]
            )
            label = probabilities(label_logits, head.exclusive)
            if name in given:
                label = self.set_labels(label, head, given[name], mask)
            early[name] = label.expand(*mask.shape, -1).to(states.dtype) * real
        return early

    def initialize(self, loader: Loader) -> None:
        """Early heads start as final ones do."""
        super().initialize(loader)
        self.initialize_heads(self.early_heads, loader)


def _by_task(setting: str, weight: Weight, names: list[str]) -> dict[str, float]:
    if problem := _weight_problem(weight, names):
        raise ConfigurationError(f"{setting}: {problem}")
    return weight if isinstance(weight, dict) else dict.fromkeys(names, weight)


def _weight_problem(weight: Weight | None, names: list[str]) -> str | None:
    if not isinstance(weight, dict) or set(weight) == set(names):
        return None
    return f"give one number, or one for each task: {', '.join(names)}"
