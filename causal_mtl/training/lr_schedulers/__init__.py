"""torch's and transformers' learning rate schedulers, each knowing when it steps."""

from causal_mtl.training.lr_schedulers import torch_schedulers, transformers_schedulers
from causal_mtl.training.lr_schedulers.lr_scheduler import LRScheduler

__all__ = ["LRScheduler", "torch_schedulers", "transformers_schedulers"]
