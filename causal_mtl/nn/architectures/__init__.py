"""Architectures: how the encoders of several tasks stand to each other."""

from causal_mtl.nn.architectures.architecture import Architecture, LazyEncoder
from causal_mtl.nn.architectures.architectures import FullyShared, Hierarchical, SharedPrivate, SingleTask
from causal_mtl.nn.architectures.label_bottleneck import LabelBottleneck
from causal_mtl.nn.architectures.recurrent_cnn import RecurrentCNN
from causal_mtl.nn.architectures.topjudge import TopJudge

__all__ = [
    "Architecture",
    "FullyShared",
    "Hierarchical",
    "LabelBottleneck",
    "LazyEncoder",
    "RecurrentCNN",
    "SharedPrivate",
    "SingleTask",
    "TopJudge",
]
