"""MPBFN: first predictions forwards, verified backwards (Yang et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from torch import nn

from causal_mtl.common import ConfigurationError, Late, Lazy, PositiveInt, Probability
from causal_mtl.data.loader import Batch, Loader
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models.constraints import Constraints
from causal_mtl.models.levels import require_level
from causal_mtl.models.model import Labels, Model, as_labels
from causal_mtl.models.output import ModelOutput
from causal_mtl.nn.bi_feedback import BiFeedback
from causal_mtl.nn.encoders import CNN, Encoder
from causal_mtl.nn.pooling import Level, max_over_tokens
from causal_mtl.nn.text_embedder import TextEmbedder
from causal_mtl.nn.token_embedders import TokenEmbedder
from causal_mtl.tasks import Task


@Model.register("mpbfn")
class BiFeedbackModel(Model):
    """MPBFN of Yang et al. (2019), without its word collocation attention.

    Registered as a `Model` with name "mpbfn".

    A feature of the text, f = maxpool(Encoder(E)), and on it `BiFeedback`: each task is predicted from f as its
    parents' predictions colour it, then re-weighted by the predictions of the tasks that depend on it. What is
    learned and predicted is the verified distribution. Predictions are handed on as probabilities, in training
    too. A label that is set takes the place of its task's first prediction for all other tasks. All tasks have
    exactly one label for each text.

    No code of the authors was found, and CMTL says of the system only that first distributions are refined by
    conditioning on each other. The formulas follow the forward and backward part of a re-implementation by
    others (prometheusXN/LADAN, `LADAN+MPBFN`). Not settled: the encoder (a CNN here), widths, whether
    verification uses first predictions (as here) or verified ones, and the loss (cross-entropy of the verified
    distribution here, a binary log loss over labels there). The word collocation attention (WCA) is left out: no
    formula or code of it was found, so results are those of MPBFN, not of MPBFN-WCA.

    Args:
        vocab: filled in.
        embedder: token embedders by the name of their token indexer; their vectors are put side by side.
        tasks: in order.
        encoder: shared by all tasks.
        label_dim: width of label embeddings.
        embedding_dropout: on the embedded tokens.
        encoder_dropout: on the feature.
        constraints: which labels may be predicted together: "none" for all, "training" for those that it showed
            together, or a list (docs/consistency.md).
    """

    level: ClassVar[Level] = "text"

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: dict[str, TokenEmbedder],
        tasks: list[Task],
        encoder: Annotated[Lazy[Encoder], Late("input_size")] = Lazy(CNN),
        label_dim: PositiveInt = 256,
        embedding_dropout: Probability = 0.0,
        encoder_dropout: Probability = 0.0,
        constraints: Constraints = "none",
    ) -> None:
        super().__init__(vocab, tasks, constraints)
        require_level(tasks, type(self))
        self.embedder = TextEmbedder(embedder, embedding_dropout)
        self.encoder = encoder.construct(input_size=self.embedder.output_dim)
        self.dropout = nn.Dropout(encoder_dropout)
        sizes = {task.name: task.num_labels(vocab) for task in self.tasks}
        self.feedback = BiFeedback(self.encoder.get_output_dim(), sizes, self.tasks.parents, label_dim)
        self.heads = self.make_heads(sizes)
        for name, head in self.heads.items():
            if not head.exclusive:
                raise ConfigurationError(
                    f"tasks: mpbfn multiplies distributions over labels, so {name!r} must have exactly one label "
                    'for each text ("single_label_classification")'
                )
            head.layer = nn.Identity()  # the scores come from `feedback`

    def forward(self, batch: Batch, labels: Labels | None = None) -> ModelOutput:
        """Encode, predict forwards, verify backwards."""
        states = self.encoder(self.embedder(batch.inputs, batch.mask), batch.mask)
        feature = self.dropout(max_over_tokens(states, batch.mask))
        given = {
            name: (
                as_labels(label, self.heads[name], batch.mask).squeeze(1),
                label.annotated(feature.device),
            )
            for name, label in self.given(labels).items()
        }
        scores = self.feedback(feature, given)
        outputs = {
            name: head(scores[name].unsqueeze(1), batch.mask[:, :1]) for name, head in self.heads.items()
        }
        return self.add_losses(ModelOutput(outputs), batch)

    def label_rows(self) -> dict[str, Sequence[str]]:
        """Of `feedback`, which scores in place of the heads."""
        return {
            f"feedback.{name}": self.tasks[task].label_names(self.vocab)
            for name, task in self.feedback.label_rows().items()
        }

    def initialize(self, loader: Loader) -> None:
        """Learn which labels occur together; a product of predictions has no one bias to start at the priors."""
        self.learn_combinations(loader.instances)
