"""Kinds of tasks, one a file: targets, head, loss, decoding and metric of a kind of label."""

from causal_mtl.tasks.heads import Heads
from causal_mtl.tasks.links import ArgumentLink, Combination, Link, Partner, TextLink
from causal_mtl.tasks.multi_label_classification import MultiLabelClassification
from causal_mtl.tasks.relation_extraction import RelationExtraction
from causal_mtl.tasks.sequence_tagging import SequenceTagging
from causal_mtl.tasks.single_label_classification import SingleLabelClassification
from causal_mtl.tasks.span_classification import SpanClassification
from causal_mtl.tasks.task import Allows, Head, Task
from causal_mtl.tasks.text_labels import TextHead

__all__ = [
    "Allows",
    "ArgumentLink",
    "Combination",
    "Head",
    "Heads",
    "Link",
    "MultiLabelClassification",
    "Partner",
    "RelationExtraction",
    "SequenceTagging",
    "SingleLabelClassification",
    "SpanClassification",
    "Task",
    "TextHead",
    "TextLink",
]
