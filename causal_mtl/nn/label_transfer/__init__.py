"""Label transfer: one state of the labels of all earlier tasks."""

from causal_mtl.nn.label_transfer.label_transfer import LabelTransfer
from causal_mtl.nn.label_transfer.transfers import ConcatTransfer, GRUTransfer, LSTMTransfer, NoTransfer

__all__ = ["ConcatTransfer", "GRUTransfer", "LSTMTransfer", "LabelTransfer", "NoTransfer"]
