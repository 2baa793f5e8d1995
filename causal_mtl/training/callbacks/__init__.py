"""What can be hooked into a training, one file per callback."""

from causal_mtl.training.callbacks.callback import Callback, TrainingState
from causal_mtl.training.callbacks.tensorboard import TensorBoardCallback

__all__ = ["Callback", "TensorBoardCallback", "TrainingState"]
