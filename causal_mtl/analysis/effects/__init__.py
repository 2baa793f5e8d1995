"""The effects of labels on labels, and of words on labels (docs/causal-effects.md)."""

from causal_mtl.analysis.effects.compare import Side, compare_section, compared
from causal_mtl.analysis.effects.edits import EditQuestion, edit_effects
from causal_mtl.analysis.effects.intervene import Interventions
from causal_mtl.analysis.effects.label_effects import label_effects
from causal_mtl.analysis.effects.ngrams import NGrams, ngram_effects
from causal_mtl.analysis.effects.of_record import label_probabilities, word_effects
from causal_mtl.analysis.effects.page import page, text_section
from causal_mtl.analysis.effects.question import LabelQuestion
from causal_mtl.analysis.effects.report import as_csv, edit_tables, effect_tables
from causal_mtl.analysis.effects.texts import Text, read_texts

__all__ = [
    "EditQuestion",
    "Interventions",
    "LabelQuestion",
    "NGrams",
    "Side",
    "Text",
    "as_csv",
    "compare_section",
    "compared",
    "edit_effects",
    "edit_tables",
    "effect_tables",
    "label_effects",
    "label_probabilities",
    "ngram_effects",
    "page",
    "read_texts",
    "text_section",
    "word_effects",
]
