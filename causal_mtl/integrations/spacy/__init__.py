"""The spaCy component ``causal_mtl``: entities, spans, relations and labels on a `Doc` (docs/integrations.md).

spaCy finds it by the entry point ``spacy_factories``; nothing has to be imported.
"""

from causal_mtl.integrations.spacy.component import CausalMtl, make_component
from causal_mtl.integrations.spacy.relations import Relation

__all__ = ["CausalMtl", "Relation", "make_component"]
