"""Encoders: what turns token vectors into vectors in context."""

from causal_mtl.nn.encoders.bilstm import BiLSTM
from causal_mtl.nn.encoders.cnn import CNN
from causal_mtl.nn.encoders.encoder import Encoder
from causal_mtl.nn.encoders.pass_through import PassThrough

__all__ = ["CNN", "BiLSTM", "Encoder", "PassThrough"]
