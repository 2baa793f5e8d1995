"""From an untrained model to a trained one."""

from causal_mtl.training.batching import Batching
from causal_mtl.training.callbacks import Callback, TensorBoardCallback, TrainingState
from causal_mtl.training.checkpointer import Checkpointer
from causal_mtl.training.engine import Engine
from causal_mtl.training.evaluation import evaluate
from causal_mtl.training.losses import LossSums
from causal_mtl.training.lr_finder import LRCurve, find_lr
from causal_mtl.training.lr_schedulers import LRScheduler
from causal_mtl.training.metric_tracker import MetricTracker
from causal_mtl.training.moving_average import ExponentialMovingAverage, MovingAverage
from causal_mtl.training.non_finite import NonFiniteError, NonFiniteLossError
from causal_mtl.training.optimizers import Optimizer
from causal_mtl.training.parameter_groups import ParameterGroup
from causal_mtl.training.seeds import seed_everything
from causal_mtl.training.trainer import Trainer

__all__ = [
    "Batching",
    "Callback",
    "Checkpointer",
    "Engine",
    "ExponentialMovingAverage",
    "LRCurve",
    "LRScheduler",
    "LossSums",
    "MetricTracker",
    "MovingAverage",
    "NonFiniteError",
    "NonFiniteLossError",
    "Optimizer",
    "ParameterGroup",
    "TensorBoardCallback",
    "Trainer",
    "TrainingState",
    "evaluate",
    "find_lr",
    "seed_everything",
]
