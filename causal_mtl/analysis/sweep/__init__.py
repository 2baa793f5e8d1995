"""Training many variants of configs."""

from causal_mtl.analysis.sweep.trainings import Ended, Training, plan, train_all
from causal_mtl.analysis.sweep.variants import Variant, variants

__all__ = ["Ended", "Training", "Variant", "plan", "train_all", "variants"]
