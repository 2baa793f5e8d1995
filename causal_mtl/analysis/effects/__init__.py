"""The effects of labels on labels, and of words on labels (docs/causal-effects.md)."""

from causal_mtl.analysis.effects.label_effects import label_effects
from causal_mtl.analysis.effects.question import LabelQuestion
from causal_mtl.analysis.effects.report import as_csv, effect_tables

__all__ = ["LabelQuestion", "as_csv", "effect_tables", "label_effects"]
