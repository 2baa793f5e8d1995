import pytest

from causal_mtl.data.instance import (
    Instance,
    Relation,
    RelationAnnotation,
    Span,
    SpanAnnotation,
    Token,
)
from causal_mtl.data.vocabulary import Vocabulary

ANN, ACME, PARIS = Span(0, 2, "person"), Span(4, 5, "company"), Span(6, 7, "place")


@pytest.fixture
def instance():
    """Ann Lee works at Acme in Paris: two relations."""
    words = ["Ann", "Lee", "works", "at", "Acme", "in", "Paris"]
    tokens, position = [], 0
    for word in words:
        tokens.append(Token(word, position, position + len(word)))
        position += len(word) + 1
    relations = (Relation(ANN, "employer", ACME), Relation(ACME, "location", PARIS))
    return Instance(
        " ".join(words),
        tokens,
        {"entities": SpanAnnotation((ANN, ACME, PARIS)), "relations": RelationAnnotation(relations)},
    )


@pytest.fixture
def vocab():
    vocab = Vocabulary.empty()
    vocab.add_tokens_to_namespace(["person", "company", "place"], "entities_labels")
    vocab.add_tokens_to_namespace(["employer", "location"], "relations_labels")
    return vocab
