"""Models: how tasks and tensors are wired."""

from causal_mtl.models.cmtl import CausalMultiTaskModel
from causal_mtl.models.constraints import Constraint
from causal_mtl.models.levels import level_problems
from causal_mtl.models.model import Model
from causal_mtl.models.mpbfn import BiFeedbackModel
from causal_mtl.models.mtl import MultiTaskModel
from causal_mtl.models.output import Loss, ModelOutput
from causal_mtl.models.pmei import ProgressiveModel
from causal_mtl.models.task_graph import TaskGraph

__all__ = [
    "BiFeedbackModel",
    "CausalMultiTaskModel",
    "Constraint",
    "Loss",
    "Model",
    "ModelOutput",
    "MultiTaskModel",
    "ProgressiveModel",
    "TaskGraph",
    "level_problems",
]
