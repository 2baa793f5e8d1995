"""The base of a kind of task: everything about one kind of label in one file."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from causal_mtl.common import ConfigurationError, Name, NonNegativeFloat, Registrable
from causal_mtl.data.instance import Annotation, Instance, Span
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Measure, Metric
from causal_mtl.nn.pooling import Level
from causal_mtl.tasks.links import Link, Partner

Targets = Mapping[str, Tensor]
"""What a task's labels look like to its head: named tensors of a batch."""

Allows = Callable[[str, Partner], bool]
"""Whether a label may occur with something (see `Link`)."""


class Head(nn.Module):
    """Predicts one task from states, `(batch, tokens, input_size)`.

    What `forward` returns is the head's own affair: it is only handed back to the methods below.

    Other tasks see a head's labels as *label logits*: `(batch, tokens, num_labels)` for labels of tokens and
    `(batch, 1, num_labels)` for labels of the whole text, whatever shape the head's own scores have.
    """

    exclusive: ClassVar[bool]
    """Whether exactly one label holds at a position."""

    @abstractmethod
    def forward(self, states: Tensor, mask: Tensor) -> Any:
        """Score a batch.

        Args:
            states: `(batch, tokens, input_size)`.
            mask: True at real tokens, `(batch, tokens)`.
        """
        raise NotImplementedError

    @abstractmethod
    def loss(self, output: Any, targets: Targets) -> Tensor:
        """The loss *summed* over sentences, tokens and labels, `()`; 0 for a sentence without annotation."""
        raise NotImplementedError

    def log_likelihood(self, output: Any, targets: Targets) -> Tensor:
        """The log-probability of the gold annotation of each sentence, `(batch,)`; 0 without annotation.

        Tokens, pairs and labels that the head decides on one by one are independent given `output`. Weights of
        rare labels do not count here.

        Raises:
            ConfigurationError: this kind of head has no likelihood.
        """
        raise ConfigurationError(f"{type(self).__name__} has no likelihood: define log_likelihood")

    def average(self, outputs: Sequence[Any], weights: Tensor) -> Any:
        """One output whose probabilities, of each label wherever it may hold, are averages of those of `outputs`.

        All methods of the head work on it as on an output of `forward`.

        Args:
            outputs: of `forward`, for the same sentences.
            weights: `(outputs, batch)`; for each sentence they sum to 1.

        Raises:
            ConfigurationError: this kind of head cannot.
        """
        raise ConfigurationError(f"{type(self).__name__} cannot average its outputs: define average")

    @abstractmethod
    def label_logits(self, output: Any) -> Tensor:
        """The logits as other tasks see them, with their gradient."""
        raise NotImplementedError

    def outcome_logits(self, output: Any) -> Tensor:
        """The logits of `Task.outcome_names`, `(batch, tokens or 1, outcomes)`; here: `label_logits`."""
        return self.label_logits(output)

    def loss_and_label_logits(self, output: Any, targets: Targets) -> tuple[Tensor, Tensor]:
        """Both, for heads that get them from one pass."""
        return self.loss(output, targets), self.label_logits(output)

    @abstractmethod
    def labels(self, targets: Targets, mask: Tensor) -> Tensor:
        """`targets` as other tasks see them: one-hot or k-hot, zero where there is no annotation.

        Returns:
            `(batch, tokens or 1, num_labels)`, as `label_logits`.
        """
        raise NotImplementedError

    @abstractmethod
    def decode(
        self,
        output: Any,
        instances: Sequence[Instance],
        decoded: Mapping[str, Sequence[Annotation]],
    ) -> list[Annotation]:
        """One annotation per sentence; `decoded` holds those of the tasks that this one `uses`."""
        raise NotImplementedError

    def label_rows(self) -> dict[str, Sequence[str]]:
        """What each row stands for of the weights that have rows for labels, by the weight's name. Default: none.

        By it a training that starts from these weights finds the rows of labels that both models have; a weight
        that is not named starts anew where its shape differs.
        """
        return {}

    def restrict(self, allows: Allows | None) -> None:
        """From now on decode only what `allows` permits (None: all); asked of tasks with a link that is not joint.

        Raises:
            ConfigurationError: this head cannot.
        """
        if allows is not None:
            raise ConfigurationError(f"{type(self).__name__} cannot decode under constraints")

    def prepare(self, targets: Iterable[Any]) -> None:
        """Before training: learn from all training `targets` (None: none) what the loss needs to know."""

    def initialize(self, targets: Iterable[Any], lengths: Sequence[int]) -> None:
        """Start output biases at the log of each label's prior, from all training `targets` (None: none)."""


@dataclass
class Task(Registrable):
    """One task of a graph: how its labels are indexed, predicted, learned, decoded and scored.

    A task is light: it holds settings, no weights; `head` makes the module that does. To add a kind of task,
    register a subclass; nothing else asks what kind a task is.

    Args:
        name: under which readers store its annotations and results are reported.
        weight: of its loss (λ in CMTL eq. 21).
        parents: names of the tasks whose labels it may depend on (None: all earlier ones).
        prior_bias: start the head's output bias at the log of the labels' prior in the training data.
    """

    name: Name
    weight: NonNegativeFloat = 1.0
    parents: list[str] | None = None
    prior_bias: bool = True

    yields: ClassVar[str] = ""
    """What its annotations hold: "spans", "relations" or "labels"."""

    level: ClassVar[Level] = "tokens"
    """What its labels hold of: single tokens (or pairs or spans of them), or the whole text."""
    exclusive: ClassVar[bool] = False
    """Whether a text always has exactly one of its labels."""
    holds_overlaps: ClassVar[bool] = True
    """Whether it can learn spans that overlap."""

    @property
    def namespace(self) -> str:
        """The vocabulary's namespace of its labels."""
        return f"{self.name}_labels"

    def label_names(self, vocab: Vocabulary) -> list[str]:
        """Its labels in `vocab`, in the order of their indices."""
        names = vocab.get_index_to_token_vocabulary(self.namespace)
        return [names[index] for index in sorted(names)]

    def outcome_names(self, vocab: Vocabulary) -> list[str]:
        """What may be said of a position, or of the whole text, in the order of `Head.outcome_logits`."""
        return self.label_names(vocab)

    def distribution(self, instance: Instance, vocab: Vocabulary) -> list[float]:
        """The probability of each label, `num_labels` of them, where they are given with `instance`.

        Raises:
            ConfigurationError: labels of this kind cannot be given with probabilities.
        """
        raise ConfigurationError(f"labels of the task {self.name!r} cannot be given with probabilities")

    def compatible(self, one: Span, other: Span) -> bool:
        """Whether both spans may be found together, with any labels; here: unless their words are the same."""
        return (one.start, one.end) != (other.start, other.end)

    def anchor_of(self, span: Span) -> int:
        """The token that stands for `span`; here: its first."""
        return span.start

    def uses(self) -> dict[str, tuple[str, str]]:
        """Tasks whose predictions decoding needs: `{setting: (task name, what it must yield)}`."""
        return {}

    def links(self, earlier: Sequence[Task]) -> list[Link]:
        """The combinations that its labels form with those of the tasks before it in the graph."""
        return []

    @abstractmethod
    def count_vocab_items(self, instance: Instance, counter: dict[str, dict[str, int]]) -> None:
        """Count the labels of `instance`."""
        raise NotImplementedError

    @abstractmethod
    def targets(self, instance: Instance, vocab: Vocabulary) -> Any | None:
        """The labels of one sentence, indexed; None where it is not annotated. Labels unknown to `vocab` are
        left out here (metrics still count them as missed).
        """
        raise NotImplementedError

    @abstractmethod
    def collate(self, targets: Sequence[Any | None], lengths: Sequence[int]) -> dict[str, Tensor]:
        """The `targets` of the sentences of a batch, of `lengths` tokens each, as tensors."""
        raise NotImplementedError

    @abstractmethod
    def num_labels(self, vocab: Vocabulary) -> int:
        """How many labels other tasks see: the last dimension of `Head.label_logits`."""
        raise NotImplementedError

    @abstractmethod
    def head(self, input_size: int, vocab: Vocabulary) -> Head:
        """A new head over states of width `input_size`."""
        raise NotImplementedError

    @abstractmethod
    def metric(self) -> Metric:
        """A new, empty metric."""
        raise NotImplementedError

    def metric_names(self) -> list[str]:
        """The names that results will have: `name/measure`."""
        return [f"{self.name}/{measure}" for measure in self.metric().get_metric()]

    def measures(self) -> dict[str, Measure]:
        """How each of `metric_names` is shown and compared."""
        described = self.metric().measures()
        return {f"{self.name}/{name}": measure.of_task(self.name) for name, measure in described.items()}

    def check_given(self, instance: Instance, vocab: Vocabulary) -> None:
        """Check the annotation of `instance` for this task, which a person gives to a trained model.

        Here: `targets` must understand it, all of it must be placed, and `vocab` must know its labels, those
            that `count_vocab_items` counts.

        Raises:
            ConfigurationError: the model cannot hold it.
        """
        annotation = instance.annotations[self.name]
        if unplaced := getattr(annotation, "unplaced", ()):
            raise ConfigurationError(f"not on the boundaries of tokens: {unplaced[0]}")
        if self.targets(instance, vocab) is None:
            raise ConfigurationError(f"expected {self.yields}")
        if annotation.partial and self.exclusive:
            raise ConfigurationError("a text has exactly one label of this task, so it cannot be partial")
        counter: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.count_vocab_items(instance, counter)
        for namespace, labels in counter.items():
            self.check_known(labels, namespace, vocab)

    @staticmethod
    def check_known(labels: Iterable[str], namespace: str, vocab: Vocabulary) -> None:
        """Raise a `ConfigurationError` if `vocab` lacks one of the labels."""
        for label in labels:
            if not vocab.has_token(label, namespace):
                known = ", ".join(sorted(vocab.get_token_to_index_vocabulary(namespace))[:20])
                raise ConfigurationError(f"the model knows no label {label!r} (it knows {known})")


Task.default_implementation = None  # a task graph always says what kinds it holds
