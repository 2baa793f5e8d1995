"""The plain model: one encoder for all tasks, one head per task."""

from __future__ import annotations

from typing import Annotated

from torch import nn

from causal_mtl.common import Late, Lazy, Name, Probability
from causal_mtl.data.loader import Batch
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.models.constraints import Constraints
from causal_mtl.models.model import Labels, Model
from causal_mtl.models.output import ModelOutput
from causal_mtl.nn.encoders import BiLSTM, Encoder
from causal_mtl.nn.text_embedder import TextEmbedder
from causal_mtl.nn.token_embedders import TokenEmbedder
from causal_mtl.tasks import Task


@Model.register("mtl")
class MultiTaskModel(Model):
    """PMEI's "MTL", CMTL's "FSMTL": a shared encoder, heads that know nothing of each other.

    Registered as a `Model` with name "mtl". Setting a task's label changes what is decoded from it, such as
    the mentions that relations are looked for between, but no other task's scores.

    Args:
        vocab: filled in.
        embedder: token embedders by the name of their token indexer; their vectors are put side by side.
        tasks: in order.
        encoder: shared by all tasks.
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
        embedding_dropout: Probability = 0.0,
        encoder_dropout: Probability = 0.0,
        constraints: Constraints = "none",
    ) -> None:
        super().__init__(vocab, tasks, constraints)
        self.embedder = TextEmbedder(embedder, embedding_dropout)
        self.encoder = encoder.construct(input_size=self.embedder.output_dim)
        self.dropout = nn.Dropout(encoder_dropout)
        size = self.encoder.get_output_dim()
        self.heads = self.make_heads({task.name: size for task in self.tasks})

    def forward(self, batch: Batch, labels: Labels | None = None) -> ModelOutput:
        """Encode once, score every task."""
        states = self.dropout(self.encoder(self.embedder(batch.inputs, batch.mask), batch.mask))
        outputs = {name: head(states, batch.mask) for name, head in self.heads.items()}
        return self.add_losses(ModelOutput(outputs), batch)
