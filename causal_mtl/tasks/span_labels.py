"""What the tasks that find spans share."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from causal_mtl.common import ConfigurationError
from causal_mtl.data.instance import Instance, Span, SpanAnnotation
from causal_mtl.data.vocabulary import Vocabulary
from causal_mtl.metrics import Metric, SpanF1
from causal_mtl.tasks.task import Task


class SpanLabels(Task):
    """Base of the tasks whose labels hold of spans."""

    yields: ClassVar[str] = "spans"

    def count_vocab_items(self, instance: Instance, counter: dict[str, dict[str, int]]) -> None:
        """Count the spans' labels."""
        annotation = instance.annotations.get(self.name)
        if isinstance(annotation, SpanAnnotation):
            for span in annotation.spans:
                counter[self.namespace][span.label] += 1

    def known_spans(self, instance: Instance, vocab: Vocabulary) -> list[Span] | None:
        """The spans of one sentence whose labels `vocab` has; None where it is not annotated."""
        annotation = instance.annotations.get(self.name)
        if not isinstance(annotation, SpanAnnotation):
            return None
        return [span for span in annotation.spans if vocab.has_token(span.label, self.namespace)]

    def check_given(self, instance: Instance, vocab: Vocabulary) -> None:
        """As for every task; and flat tags cannot hold spans that overlap.

        Raises:
            ConfigurationError: the model cannot hold it.
        """
        super().check_given(instance, vocab)
        annotation = instance.annotations[self.name]
        if self.holds_overlaps or not isinstance(annotation, SpanAnnotation):
            return
        ordered = sorted(annotation.spans)
        for one, other in pairwise(ordered):
            if other.start < one.end:
                raise ConfigurationError(
                    f"{instance.span_text(one)!r} ({one.label}) and {instance.span_text(other)!r} ({other.label}) "
                    "overlap, which the tags of this task cannot hold"
                )

    def metric(self) -> Metric:
        """Exact span and type."""
        return SpanF1()
